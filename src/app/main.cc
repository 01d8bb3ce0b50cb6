// The program: its command line, and nothing else. What the commands do is in their own files.
#include <unistd.h>

#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "app/check_command.h"
#include "app/demo/demo_command.h"
#include "app/describe_commands.h"
#include "app/explain_command.h"
#include "app/import_command.h"
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
    add_import();
    add_reverse_proxy();
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
    auto* sub = command("explain", "What would happen to a request, and why",
                        [this] { return explain_command(explain_, world_); });
    add_file(sub, explain_.file);
    add_json(sub, explain_.format);
    sub->add_option("--from", explain_.from, "The address of the client (192.0.2.1)")->type_name("IP");
    sub->add_option("-H,--header", explain_.fields, "A field of the request; may be given several times")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
    sub->add_option("request", explain_.request, "A method (GET if there is none) and a URL")
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
  void add_import() {
    auto* sub = app_.add_subcommand("import", "Prints the configuration of another proxy as a sallyport.yaml");
    sub->require_subcommand(1);
    auto* apache = sub->add_subcommand("apache", "Reads configurations of Apache httpd");
    apache->final_callback([this] { chosen_ = [this] { return import_apache_command(import_, world_); }; });
    add_json(apache, import_.format);
    apache->add_option("files", import_.files, "In the order in which Apache reads them")
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
  ImportArguments import_;
  ReverseProxyArguments reverse_proxy_;
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
                          .err_color = app::color_of(STDERR_FILENO)};
  try {
    app::Exit exit = app::CommandLine(world).run(argc, argv);
    std::cout.flush();
    return static_cast<int>(exit);
  } catch (const std::exception& error) {
    std::cerr << "sallyport: " << error.what() << "\n";
    return static_cast<int>(app::Exit::failed);
  }
}
