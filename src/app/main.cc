// The program: its command line, and nothing else. What the commands do is in their own files.
#include <unistd.h>

#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <climits>
#include <cstdlib>
#include <iostream>

#include "app/ca_command.h"
#include "app/check_command.h"
#include "app/demo/demo_command.h"
#include "app/describe_commands.h"
#include "app/doctor_command.h"
#include "app/egress_command.h"
#include "app/env_command.h"
#include "app/explain_command.h"
#include "app/import_command.h"
#include "app/look_up.h"
#include "app/policy_command.h"
#include "app/reverse_proxy_command.h"
#include "app/run_command.h"
#include "app/test_command.h"
#include "config/suggest.h"

namespace sp::app {
namespace {

// no-color.org: set and not empty. A terminal that says that it is dumb shows the sequences as text.
config::Color color_of(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  bool plain =
      (no_color != nullptr && *no_color != '\0') || (terminal != nullptr && std::string_view(terminal) == "dumb");
  return !plain && isatty(descriptor) != 0 ? config::Color::ansi : config::Color::none;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "this machine";
}

// Positional arguments by what they are, not by how often they may come.
class Words final : public CLI::Formatter {
 public:
  Words() {
    column_width(34);
    label("REQUIRED", "");
  }
  std::string make_option_usage(const CLI::Option* option) const override { return option->get_type_name(); }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional ? option->get_type_name() : Formatter::make_option_name(option, is_positional);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_positional() ? "" : Formatter::make_option_opts(option);
  }
};

// "sallyport import apache".
std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

// The library says only that a subcommand is required, even where a word stands that is none.
std::string no_command(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); }))
    names.push_back(sub->get_name());
  std::vector<std::string> words = app.remaining();
  std::string text = "A command is missing.";
  if (!words.empty()) {
    std::string_view best = config::nearest(words.front(), names);
    text = fmt::format("There is no {} `{}`{}", words.front().starts_with('-') ? "option" : "command", words.front(),
                       best.empty() ? "." : fmt::format(": did you mean `{}`?", best));
  }
  return fmt::format("{}\nThere {} {}; `{} --help` says more.\n", text, names.size() == 1 ? "is" : "are",
                     config::listed(names, "and"), full_name(app));
}

// A word that the command does not know; empty if there is none. The library speaks first of what is missing, which a
// mistyped option always is.
std::string unknown_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  if (words.empty()) return {};
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  const auto option = std::ranges::find_if(words, is_option);
  if (option == words.end()) return fmt::format("The argument `{}` was not expected.", words.front());
  const std::string name = option->substr(0, option->find('='));
  std::vector<std::string> known;
  for (const CLI::Option* each : app.get_options()) {
    for (const std::string& word : each->get_lnames()) known.push_back("--" + word);
  }
  const std::vector<std::string_view> names(known.begin(), known.end());
  const std::string_view best = config::nearest(name, names);
  return fmt::format("There is no option `{}`{}", name, best.empty() ? "." : fmt::format(": did you mean `{}`?", best));
}

// What the command cannot do without, as the help writes it; empty if all of it is there.
std::string missing_arguments(const CLI::App& app) {
  std::vector<std::string> missing;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_required() || option->count() != 0) continue;
    missing.push_back(option->get_positional() ? option->get_type_name()
                                               : option->get_name() + " " + option->get_type_name());
  }
  if (missing.empty()) return {};
  const std::vector<std::string_view> names(missing.begin(), missing.end());
  return fmt::format("{} {} missing.", config::listed(names, "and"), missing.size() == 1 ? "is" : "are");
}

// Every command puts what it was told into its arguments and the rest into `chosen`, which runs once all of it is read.
class CommandLine {
 public:
  explicit CommandLine(const CommandWorld& world) : world_(world) {
    app_.require_subcommand(1);
    app_.formatter(std::make_shared<Words>());
    app_.footer(
        "Without -c the configuration is ./sallyport.yaml, else /etc/sallyport/sallyport.yaml.\n"
        "Exit codes: 0 it worked, 1 it failed, 2 wrong usage, 3 the configuration is wrong.");
    add_run();
    add_check();
    add_explain();
    add_test();
    add_doctor();
    add_import();
    add_reverse_proxy();
    add_egress();
    add_ca();
    add_policy();
    add_env();
    add_describing();
    add_demo();
  }

  Exit run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const CLI::App* at = &app_;
      while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
      bool command_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
      if (command_missing && at->get_require_subcommand_min() != 0) {
        world_.err << no_command(*at);
        return Exit::usage;
      }
      std::string wrong = unknown_word(*at);
      if (wrong.empty() && command_missing) wrong = missing_arguments(*at);
      if (!wrong.empty()) {
        world_.err << fmt::format("{}\n`{} --help` says more.\n", wrong, full_name(*at));
        return Exit::usage;
      }
      return app_.exit(error, world_.out, world_.err) == 0 ? Exit::ok : Exit::usage;
    }
    return chosen_();
  }

 private:
  CLI::App* command(const std::string& name, const std::string& what, std::function<Exit()> action) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->final_callback([this, action = std::move(action)] { chosen_ = action; });
    return sub;
  }
  static void add_file(CLI::App* sub, std::optional<std::string>& file) {
    sub->add_option("-c,--config", file, "The configuration")->type_name("FILE");
  }
  static void add_json(CLI::App* sub, Format& format) {
    sub->add_flag_callback("--json", [&format] { format = Format::json; }, "The result as JSON");
  }

  void add_run() {
    auto* sub = command("run", "Runs the gate in the foreground", [this] { return run_command(run_, world_); });
    add_file(sub, run_.file);
  }
  void add_check() {
    auto* sub = command("check", "Says everything that is wrong with a configuration",
                        [this] { return check_command(check_, world_); });
    add_file(sub, check_.file);
    add_json(sub, check_.format);
    sub->add_flag_callback(
        "--no-files", [this] { check_.named_files = NamedFiles::not_looked_at; },
        "Do not look at the files that it names, such as certificates: it is for another machine");
  }
  void add_explain() {
    auto* sub = command("explain", "What would happen to a request or a connection, and why",
                        [this] { return explain_command(explain_, world_); });
    add_file(sub, explain_.file);
    add_json(sub, explain_.format);
    sub->add_option("--from", explain_.from,
                    "The address of the client (192.0.2.1; with --outbound, one that may use the entry)")
        ->type_name("IP");
    sub->add_flag("--outbound", explain_.outbound, "About the way out: what an application asks its proxy for");
    sub->add_option("--user", explain_.user, "With --outbound: the user, whose password is right")->type_name("NAME");
    sub->add_option("--entry", explain_.entry, "With --outbound: which entry (the first)")->type_name("NAME");
    sub->add_option(
           "--address", explain_.addresses,
           "With --outbound: an address that the name leads to, instead of looking it up; may be given several "
           "times")
        ->type_name("IP")
        ->allow_extra_args(false);
    sub->add_option("-H,--header", explain_.fields, "A field of the request; may be given several times")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    sub->add_option("--sni", explain_.sni, "Of a connection: the name that TLS asks for (the host of the URL)")
        ->type_name("NAME");
    sub->add_option("--alpn", explain_.alpn, "Of a connection: a protocol that TLS offers; may be given several times")
        ->type_name("NAME")
        ->allow_extra_args(false);
    sub->add_option("--proxy", explain_.proxy,
                    "What a PROXY header says, by the NAME of ${proxy.NAME}; may be given several times")
        ->type_name("NAME=TEXT")
        ->allow_extra_args(false);
    sub->add_option("request", explain_.request,
                    "A method (GET if there is none) and a URL; or the URL of a connection: tcp://HOST:PORT, tls://, "
                    "smtp://, imap://, pop3://, sieve://; with --outbound, HOST:PORT is a tunnel")
        ->type_name("[METHOD] URL")
        ->required()
        ->expected(1, 2);
  }
  void add_test() {
    auto* sub = command("test", "Runs the expectations that stand in the configuration",
                        [this] { return test_command(test_, world_); });
    add_file(sub, test_.file);
    add_json(sub, test_.format);
  }
  void add_doctor() {
    auto* sub = command("doctor", "Asks the servers whether they take what they are sent: TLS, the PROXY protocol",
                        [this] { return doctor_command(doctor_, world_); });
    add_file(sub, doctor_.file);
    add_json(sub, doctor_.format);
    sub->add_flag("--try-all", doctor_.try_all,
                  "Try each version of the PROXY header and none, with TLS and without, also where nothing is wrong");
    sub->add_option("upstreams", doctor_.upstreams,
                    "Names of upstreams, or URLs or HOST:PORT of their servers; without one, all of them")
        ->type_name("UPSTREAM...");
  }
  void add_import() {
    auto* sub = app_.add_subcommand("import", "Prints the configuration of another proxy as a sallyport.yaml");
    sub->require_subcommand(1);
    add_import_from(*sub, ImportFrom::apache, "apache", "Apache httpd");
    add_import_from(*sub, ImportFrom::haproxy, "haproxy", "HAProxy");
    add_import_from(*sub, ImportFrom::nginx, "nginx", "NGINX");
    add_import_from(*sub, ImportFrom::squid, "squid", "Squid");
  }
  void add_import_from(CLI::App& import, ImportFrom from, const std::string& word, const std::string& name) {
    auto* sub = import.add_subcommand(word, "Reads configurations of " + name);
    sub->final_callback([this, from] { chosen_ = [this, from] { return import_command(from, import_, world_); }; });
    add_json(sub, import_.format);
    sub->add_option("files", import_.files, "In the order in which " + name + " reads them")
        ->type_name("FILE...")
        ->required();
  }
  void add_reverse_proxy() {
    auto* sub = command("reverse-proxy", "Runs a gate in front of one server; needs no file",
                        [this] { return reverse_proxy_command(reverse_proxy_, world_); });
    sub->add_option("--from", reverse_proxy_.from, "Where to listen: https://:8443")->type_name("URL")->required();
    sub->add_option("--to", reverse_proxy_.to, "The server: http://127.0.0.1:9000")->type_name("URL")->required();
    sub->add_option("--cert", reverse_proxy_.cert, "The certificate; without it, one is made on the spot")
        ->type_name("FILE");
    sub->add_option("--key", reverse_proxy_.key, "Its key; without it, it is in the file of the certificate")
        ->type_name("FILE");
  }
  void add_egress() {
    auto* sub = command("egress", "Runs a way out to the destinations that are named; needs no file",
                        [this] { return egress_command(egress_, world_); });
    const auto list = [sub](const char* option, std::vector<std::string>& values, const char* what, const char* type) {
      return sub->add_option(option, values, what)->type_name(type)->allow_extra_args(false);
    };
    list("--listen", egress_.listen, "Where to listen: proxy://127.0.0.1:3128; may be given several times", "URL")
        ->required();
    list("--allow", egress_.allow,
         "What may be reached: gitlab.com, .gitlab.com, 203.0.113.0/24, each with a :PORT or without; may be given "
         "several "
         "times",
         "DESTINATION")
        ->required();
    list("--deny", egress_.deny, "What may not, although --allow holds it; may be given several times", "DESTINATION");
    list("--clients", egress_.clients, "Who may connect; without it and --users, this machine", "NETWORK");
    list("--private-network", egress_.private_networks, "A private network that names may lead to", "NETWORK");
    sub->add_option("--users", egress_.users, "Clients say a user and a password of this htpasswd file")
        ->type_name("FILE");
    sub->add_option("--cert", egress_.cert, "The certificate, where clients speak TLS with the proxy")
        ->type_name("FILE");
    sub->add_option("--key", egress_.key, "Its key; without it, it is in the file of the certificate")
        ->type_name("FILE");
  }
  void add_ca() {
    auto* ca = app_.add_subcommand("ca", "The root that signs certificates for the inspection of TLS");
    ca->require_subcommand(1);
    auto* create = ca->add_subcommand("create", "Makes a root, with a key that nobody else can read");
    create->final_callback([this] {
      ca_create_.machine = host_name();
      chosen_ = [this] { return ca_create_command(ca_create_, world_); };
    });
    add_json(create, ca_create_.format);
    create->add_option("--cert", ca_create_.cert, "Where its certificate goes (/etc/sallyport/ca.pem)")
        ->type_name("PATH");
    create->add_option("--key", ca_create_.key, "Where its key goes (/etc/sallyport/ca.key)")->type_name("PATH");
    create->add_option("--name", ca_create_.name, "Its common name")->type_name("TEXT");
    create->add_option("--days", ca_create_.days, "How long it is valid (3650)")->type_name("N");
    create->add_option("--only", ca_create_.only, "What it may sign for and nothing else: .example.net,10.0.0.0/8")
        ->type_name("NAMES");
    auto* out = ca->add_subcommand("export", "Prints the certificate, or how to trust it");
    out->final_callback([this] { chosen_ = [this] { return ca_export_command(ca_export_, world_); }; });
    add_file(out, ca_export_.file);
    out->add_option("--cert", ca_export_.cert, "The certificate (/etc/sallyport/ca.pem)")->type_name("PATH");
    out->add_option("--for", ca_export_.runtime, "What is to trust it: " + ca_export_runtimes())->type_name("WHAT");
  }
  void add_policy() {
    auto* policy = app_.add_subcommand("policy", "Rules for the way out, from what was asked of it");
    policy->require_subcommand(1);
    auto* propose = policy->add_subcommand("propose", "Prints rules that admit what was seen, as a diff");
    propose->final_callback([this] { chosen_ = [this] { return policy_propose_command(propose_, world_); }; });
    add_recorded(propose, propose_.recorded);
    add_json(propose, propose_.format);
    propose->add_option("--least-count", propose_.options.least_count, "Leave out what was seen less often (3)")
        ->type_name("N");
    propose->add_option("--least-days", propose_.options.least_days, "Leave out what was seen on fewer days (2)")
        ->type_name("N");
    propose->add_flag("--private", propose_.options.private_too,
                      "Names of the own network too, and those that lead to `private_networks`");
    auto* diff = policy->add_subcommand("diff", "What the rules of another configuration would have refused");
    diff->final_callback([this] { chosen_ = [this] { return policy_diff_command(diff_, world_); }; });
    add_recorded(diff, diff_.recorded);
    add_json(diff, diff_.format);
    diff->add_option("--with", diff_.with, "The other configuration")->type_name("FILE")->required();
  }
  static void add_recorded(CLI::App* sub, RecordedArguments& arguments) {
    add_file(sub, arguments.file);
    sub->add_option("--entry", arguments.entry, "One entry of `outbound`; without it, all that are recorded")
        ->type_name("NAME");
    sub->add_option("--for", arguments.user, "One user")->type_name("USER");
    sub->add_option("--since", arguments.since, "How long ago it may be (7d)")->type_name("DURATION");
  }
  void add_env() {
    auto* sub = command("env", "Prints the proxy variables of an application, as its runtime understands them",
                        [this] { return env_command(env_, world_); });
    add_file(sub, env_.file);
    add_json(sub, env_.format);
    sub->add_option("--for", env_.runtime, "The runtime: " + env_runtimes())->type_name("WHAT")->required();
    sub->add_option("--proxy", env_.proxy, "The proxy; without it, the first `outbound` of the configuration")
        ->type_name("URL");
    sub->add_option("--no-proxy", env_.no_proxy, "What is reached without it: .example.net,10.0.0.0/8")
        ->type_name("LIST");
  }
  void add_describing() {
    command("schema", "Prints the JSON Schema of the configuration, for editors",
            [this] { return schema_command(world_); });
    command("reference", "Prints the reference page: every key, every code",
            [this] { return reference_command(world_); });
    auto* sub = command("version", "Prints the version", [this] { return version_command(version_, world_); });
    add_json(sub, version_);
  }
  // For people who build the program: `./dev run`. Not one of its commands, and so not in the help.
  void add_demo() {
    auto* sub =
        command("demo", "The example gate with an origin of its own", [this] { return demo_command(demo_, world_); });
    sub->group("");
    sub->add_option("--config", demo_.file, "The configuration")->type_name("FILE")->required();
  }

  const CommandWorld& world_;
  CLI::App app_{"Sallyport, the one gate in front of your web applications", "sallyport"};
  std::function<Exit()> chosen_;
  RunArguments run_;
  CheckArguments check_;
  ExplainArguments explain_;
  TestArguments test_;
  DoctorArguments doctor_;
  ImportArguments import_;
  ReverseProxyArguments reverse_proxy_;
  EgressArguments egress_;
  CaCreateArguments ca_create_;
  CaExportArguments ca_export_;
  EnvArguments env_;
  PolicyProposeArguments propose_;
  PolicyDiffArguments diff_;
  Format version_ = Format::text;
  DemoArguments demo_;
};

}  // namespace
}  // namespace sp::app

int main(int argc, char** argv) {
  using namespace sp;
  // What is freed goes back to the system when it was not needed for a while (Worker::tidy), not as soon as it lies at
  // the end of a heap: requests with large heads, one after the other, would pay for new pages each.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  config::RealFileSystem files;
  app::CommandWorld world{.out = std::cout,
                          .err = std::cerr,
                          .files = files,
                          .now = std::chrono::system_clock::now(),
                          .out_color = app::color_of(STDOUT_FILENO),
                          .err_color = app::color_of(STDERR_FILENO),
                          .resolve = app::look_up};
  try {
    app::Exit exit = app::CommandLine(world).run(argc, argv);
    std::cout.flush();
    return static_cast<int>(exit);
  } catch (const std::exception& error) {
    std::cerr << "sallyport: " << error.what() << "\n";
    return static_cast<int>(app::Exit::failed);
  }
}
