// `ca create` and `ca export` as a shell sees them.
#include "app/ca_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/testing.h"
#include "app/trust_steps.h"
#include "testing/temporary_folder.h"
#include "tls/self_signed.h"

namespace sp::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestWorld;

class Ca : public ::testing::Test {
 protected:
  Ca() {
    create.cert = folder + "/ca.pem";
    create.key = folder + "/ca.key";
    create.machine = "gate.example.com";
  }

  // What is on the disk, among the files of a test world.
  static void show(TestWorld& t, const std::string& path) {
    std::ifstream file(path);
    t.files.files[path] = std::string(std::istreambuf_iterator<char>(file), {});
  }

  const sp::testing::TemporaryFolder temporary;
  const std::string& folder = temporary.path;
  CaCreateArguments create;
};

TEST_F(Ca, create_says_what_was_made_and_what_comes_next) {
  TestWorld t;
  create.only = ".example.net, 10.0.0.0/8";
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), StartsWith("Sallyport inspection of gate.example.com\n"));
  EXPECT_THAT(t.out(), HasSubstr("example.net, 10.0.0.0/8; what is below domains too, and nothing else"));
  EXPECT_THAT(t.out(), HasSubstr("sallyport ca export --cert " + create.cert));
  EXPECT_TRUE(std::filesystem::exists(create.key));
}

TEST_F(Ca, create_prints_json) {
  TestWorld t;
  create.format = Format::json;
  create.name = "Our root";
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok) << t.err();
  const auto json = nlohmann::json::parse(t.out());
  EXPECT_EQ(json["certificate"], create.cert);
  EXPECT_EQ(json["name"], "Our root");
  EXPECT_EQ(json["only"], nlohmann::json::array());
  EXPECT_EQ(json["sha256"].get<std::string>().size(), 95U);
}

TEST_F(Ca, create_overwrites_nothing) {
  TestWorld t;
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok);
  EXPECT_EQ(ca_create_command(create, t.world), Exit::failed);
  EXPECT_THAT(t.err(), HasSubstr("cannot write " + create.key + ": File exists"));
  create.cert = folder + "/none/ca.pem";
  create.key = folder + "/none/ca.key";
  EXPECT_EQ(ca_create_command(create, t.world), Exit::failed);
  EXPECT_THAT(t.err(), HasSubstr("mkdir -p " + folder + "/none"));
}

TEST_F(Ca, create_refuses_what_is_no_argument) {
  const auto said = [&](auto change) {
    TestWorld t;
    CaCreateArguments arguments = create;
    change(arguments);
    EXPECT_EQ(ca_create_command(arguments, t.world), Exit::usage);
    EXPECT_FALSE(std::filesystem::exists(create.key));
    return t.err();
  };
  EXPECT_THAT(said([](auto& a) { a.days = 0; }), HasSubstr("--days: error: 0 is not"));
  EXPECT_THAT(said([](auto& a) { a.name = ""; }), HasSubstr("--name: error:"));
  EXPECT_THAT(said([](auto& a) { a.name = std::string(65, 'x'); }), HasSubstr("1 to 64 characters"));
  EXPECT_THAT(said([](auto& a) { a.only = "*"; }), HasSubstr("`*` is no bound"));
  EXPECT_THAT(said([](auto& a) { a.only = "example.net:443"; }), HasSubstr("names a port"));
  EXPECT_THAT(said([](auto& a) { a.only = "*.example.net"; }), HasSubstr("write `.example.net`"));
  EXPECT_THAT(said([](auto& a) { a.only = "example.net,,example.com"; }), HasSubstr("an empty destination"));
}

TEST_F(Ca, create_makes_a_name_of_a_long_one_of_the_machine) {
  TestWorld t;
  create.machine = std::string(50, 'a') + ".example.com";
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok) << t.err();
  EXPECT_THAT(t.out(), StartsWith("Sallyport inspection of " + std::string(40, 'a') + "\n"));
  TestWorld short_label;
  create.cert = folder + "/other.pem";
  create.key = folder + "/other.key";
  create.machine = "gate." + std::string(60, 'a');
  ASSERT_EQ(ca_create_command(create, short_label.world), Exit::ok) << short_label.err();
  EXPECT_THAT(short_label.out(), StartsWith("Sallyport inspection of gate\n"));
}

TEST_F(Ca, export_prints_the_certificate_and_never_the_key) {
  TestWorld t;
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok);
  show(t, create.cert);
  TestWorld pem;
  pem.files.files = t.files.files;
  EXPECT_EQ(ca_export_command({.cert = create.cert}, pem.world), Exit::ok);
  EXPECT_EQ(pem.out(), t.files.files[create.cert]);

  show(t, create.key);
  TestWorld both;
  both.files.files["both.pem"] = t.files.files[create.key] + t.files.files[create.cert];
  EXPECT_EQ(ca_export_command({.cert = "both.pem", .runtime = "pem"}, both.world), Exit::ok);
  EXPECT_EQ(both.out(), t.files.files[create.cert]);
  EXPECT_EQ(ca_export_command({.cert = "both.pem", .runtime = "debian"}, both.world), Exit::failed);
  EXPECT_THAT(both.err(), HasSubstr("holds the key too"));
}

TEST_F(Ca, export_has_steps_for_each_runtime) {
  TestWorld made;
  create.cert = folder + "/it's a root.pem";
  ASSERT_EQ(ca_create_command(create, made.world), Exit::ok);
  for (const TrustTarget& target : trust_targets()) {
    TestWorld t;
    show(t, create.cert);
    EXPECT_EQ(ca_export_command({.cert = create.cert, .runtime = std::string(target.name)}, t.world), Exit::ok);
    EXPECT_THAT(t.out(), HasSubstr("it'\\''s a root.pem'")) << target.name;
    EXPECT_THAT(t.out(), Not(HasSubstr("does not look at what a root is bound to")));
  }
  TestWorld t;
  show(t, create.cert);
  EXPECT_EQ(ca_export_command({.cert = create.cert, .runtime = "perl"}, t.world), Exit::usage);
  EXPECT_THAT(t.err(), HasSubstr("name one of debian, go"));
}

TEST_F(Ca, export_takes_the_certificate_that_a_configuration_names) {
  TestWorld t;
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok);
  show(t, create.cert);
  const std::string certificate = t.files.files[create.cert];
  const auto exported = [&](const std::string& inspect, Exit exit) {
    TestWorld asked;
    asked.files.files = t.files.files;
    asked.files.files["gate.yaml"] =
        "outbound: [ { listen: proxy://127.0.0.1:3128, rules: [ { allow: [ \"*\" ] } ]" + inspect + " } ]\n";
    EXPECT_EQ(ca_export_command({.file = "gate.yaml"}, asked.world), exit);
    return asked.out() + asked.err();
  };
  EXPECT_EQ(exported(", inspect: { ca: { cert: \"" + create.cert + "\", key: \"" + create.key + "\" } }", Exit::ok),
            certificate);
  EXPECT_THAT(exported("", Exit::failed), HasSubstr("No entry of `outbound` in gate.yaml inspects TLS"));
  EXPECT_THAT(exported(", inspect: 1", Exit::configuration), HasSubstr("gate.yaml:1:"));
}

TEST_F(Ca, export_says_where_bounds_are_not_looked_at) {
  TestWorld t;
  create.only = "example.net";
  ASSERT_EQ(ca_create_command(create, t.world), Exit::ok);
  show(t, create.cert);
  EXPECT_EQ(ca_export_command({.cert = create.cert, .runtime = "java"}, t.world), Exit::ok);
  EXPECT_THAT(t.out(), HasSubstr("Java does not look at what a root is bound to"));
}

TEST_F(Ca, export_wants_an_authority) {
  TestWorld t;
  EXPECT_EQ(ca_export_command({.cert = "none.pem"}, t.world), Exit::failed);
  EXPECT_THAT(t.err(), HasSubstr("cannot read none.pem: it does not exist"));
  const std::array<std::string, 1> names{"a.example"};
  t.files.files["leaf.pem"] = tls::make_self_signed(names, 1, t.world.now)->certificate;
  EXPECT_EQ(ca_export_command({.cert = "leaf.pem", .runtime = "node"}, t.world), Exit::failed);
  EXPECT_THAT(t.err(), HasSubstr("is not an authority's"));
}

}  // namespace
}  // namespace sp::app
