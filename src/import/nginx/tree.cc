#include "import/nginx/tree.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>

#include "import/nginx/words.h"

namespace sp::import::nginx {

namespace fs = std::filesystem;

const std::string& Directive::arg(size_t index) const {
  static const std::string none;
  return index < args.size() ? args[index] : none;
}

bool Directive::has_arg(std::string_view word) const { return std::ranges::find(args, word) != args.end(); }

std::string Directive::text() const {
  std::string result = name;
  for (const std::string& word : args) {
    const bool quoted = word.empty() || word.find_first_of(" \t\r\n;{}") != std::string::npos;
    result += quoted ? " \"" + word + '"' : " " + word;
  }
  std::ranges::replace_if(result, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return block ? result + " { }" : result + ';';
}

namespace {

constexpr std::string_view not_needed_files[] = {"mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params",
                                                 "scgi_params"};

class Reader {
 public:
  Reader(const config::FileSystem& disk, const ReadLimits& limits) : disk_(disk), limits_(limits) {}

  void read_top(const std::string& path, std::vector<Directive>& into) {
    if (first_folder_.empty()) first_folder_ = fs::path(path).parent_path().string();
    const auto text = disk_.read(path, limits_.file_bytes);
    if (!text) return error(path, 0, path + " cannot be read: " + text.error().where);
    read_text(path, *text, into);
  }
  Tree& tree() { return tree_; }

 private:
  void read_text(const std::string& path, const std::string& text, std::vector<Directive>& into);
  void read_block(const std::string& path, Tokens& tokens, std::vector<Directive>& into, const Directive* block);
  bool finish(Directive directive, const Token& mark, Tokens& tokens, std::vector<Directive>& into);
  void open(Directive directive, Tokens& tokens, std::vector<Directive>& into);
  void include(const Directive& directive, std::vector<Directive>& into);
  void include_file(const Directive& directive, const std::string& path, std::vector<Directive>& into);
  std::vector<std::string> included_files(const std::string& pattern) const;
  void error(const std::string& path, int line, std::string what) {
    tree_.errors.push_back({.place = {path, line, line > 0 ? 1 : 0}, .message = std::move(what), .remedy = {}});
  }

  const config::FileSystem& disk_;
  ReadLimits limits_;
  Tree tree_;
  std::string first_folder_;
  std::vector<std::string> reading_;  // files that are open, outermost first: a file within itself is a cycle
  int depth_ = 0;
  size_t count_ = 0;
  bool too_many_ = false;
};

void Reader::read_text(const std::string& path, const std::string& text, std::vector<Directive>& into) {
  reading_.push_back(path);
  Tokens tokens(text);
  read_block(path, tokens, into, nullptr);
  reading_.pop_back();
}

// Reads directives until the block's closing brace, or the file's end.
void Reader::read_block(const std::string& path, Tokens& tokens, std::vector<Directive>& into, const Directive* block) {
  Directive directive;
  for (;;) {
    Token token = tokens.next();
    if (too_many_) return;
    if (token.unclosed) error(path, token.line, "a quote is not closed");
    if (token.kind == Token::Kind::word) {
      if (directive.name.empty()) {
        directive = {.name = std::move(token.text), .file = path, .line = token.line};
        if (directive.name.empty()) directive.name = "\"\"";
      } else if (directive.args.size() < limits_.words) {
        directive.args.push_back(std::move(token.text));
      }
      continue;
    }
    if (directive.name.empty()) {
      if (token.kind == Token::Kind::close && block != nullptr) return;
      if (token.kind == Token::Kind::close) error(path, token.line, "} closes nothing");
      if (token.kind == Token::Kind::open) {
        error(path, token.line, "{ stands where a directive was expected");
        directive = {.name = "{", .file = path, .line = token.line};
        open(std::exchange(directive, {}), tokens, into);
      }
      if (token.kind != Token::Kind::end) continue;  // NGINX refuses a lone semicolon; it changes nothing
      if (block != nullptr) error(path, block->line, block->name + " { is not closed");
      return;
    }
    if (!finish(std::exchange(directive, {}), token, tokens, into)) {
      if (token.kind == Token::Kind::end && block != nullptr)
        error(path, block->line, block->name + " { is not closed");
      if (token.kind == Token::Kind::end || block != nullptr) return;
    }
  }
}

// A directive and the mark behind it. False: the mark ended what is around it too.
bool Reader::finish(Directive directive, const Token& mark, Tokens& tokens, std::vector<Directive>& into) {
  if (++count_ > limits_.directives) {
    error(directive.file, directive.line, "more directives than any real server has: the rest is not read");
    too_many_ = true;
    return false;
  }
  if (mark.kind == Token::Kind::open) {
    open(std::move(directive), tokens, into);
    return true;
  }
  if (mark.kind != Token::Kind::semicolon)
    error(directive.file, directive.line, "no ; ends this directive: " + directive.text());
  if (directive.is("include")) {
    include(directive, into);
  } else {
    into.push_back(std::move(directive));
  }
  return mark.kind == Token::Kind::semicolon;
}

void Reader::open(Directive directive, Tokens& tokens, std::vector<Directive>& into) {
  directive.block = true;
  if (directive.name.ends_with("_by_lua_block")) {
    if (!tokens.skip_foreign_block()) error(directive.file, directive.line, directive.name + " { is not closed");
    into.push_back(std::move(directive));
    return;
  }
  if (depth_ >= limits_.depth) {
    error(directive.file, directive.line, "blocks are nested too deeply: this one is left out");
    tokens.skip_foreign_block();
    return;
  }
  ++depth_;
  std::vector<Directive> children;
  read_block(directive.file, tokens, children, &directive);
  --depth_;
  directive.children = std::move(children);
  into.push_back(std::move(directive));
}

// Relative to the folder of nginx.conf. A person may give a file of sites-enabled/ alone, or have copied the files.
std::vector<std::string> Reader::included_files(const std::string& pattern) const {
  if (pattern.starts_with('/')) return disk_.glob(pattern);
  const std::array<std::string, 3> roots{first_folder_, (fs::path(first_folder_) / "..").lexically_normal().string(),
                                         "/etc/nginx"};
  for (const std::string& root : roots) {
    const std::string path = root.empty() ? pattern : (fs::path(root) / pattern).lexically_normal().string();
    if (auto found = disk_.glob(path); !found.empty()) return found;
  }
  return {};
}

void Reader::include(const Directive& directive, std::vector<Directive>& into) {
  const std::string& pattern = directive.arg(0);
  const std::string name = fs::path(pattern).filename().string();
  if (std::ranges::find(not_needed_files, name) != std::end(not_needed_files)) {
    tree_.notes.push_back({directive.file, directive.line, directive.text(),
                           "it is about files and programs that NGINX serves itself", Fate::not_needed});
    return;
  }
  const std::vector<std::string> found = included_files(pattern);
  if (!found.empty()) {
    for (const std::string& path : found) include_file(directive, path, into);
  } else if (pattern.find_first_of("*?[") == std::string::npos) {
    error(directive.file, directive.line, "include " + pattern + ": no such file");
  } else {
    tree_.notes.push_back(
        {directive.file, directive.line, directive.text(), "there is no such file", Fate::not_needed});
  }
}

void Reader::include_file(const Directive& directive, const std::string& path, std::vector<Directive>& into) {
  if (std::ranges::find(reading_, path) != reading_.end())
    return error(directive.file, directive.line, path + " includes itself");
  if (static_cast<int>(reading_.size()) + depth_ >= limits_.depth)
    return error(directive.file, directive.line, path + " is not read: includes are nested too deeply");
  const auto text = disk_.read(path, limits_.file_bytes);
  if (!text) return error(directive.file, directive.line, path + " cannot be read: " + text.error().where);
  read_text(path, *text, into);
}

// Of a file that is included into `http` or `stream`: only in the latter a server itself has proxy_pass.
bool is_of_stream(const Directive& server) {
  return std::ranges::any_of(server.children, [](const Directive& each) { return each.is("proxy_pass"); });
}

constexpr std::string_view main_words[] = {"daemon",
                                           "debug_points",
                                           "env",
                                           "error_log",
                                           "events",
                                           "google_perftools_profiles",
                                           "load_module",
                                           "lock_file",
                                           "master_process",
                                           "pcre_jit",
                                           "pid",
                                           "ssl_engine",
                                           "thread_pool",
                                           "timer_resolution",
                                           "user",
                                           "worker_aio_requests",
                                           "worker_cpu_affinity",
                                           "worker_priority",
                                           "worker_processes",
                                           "worker_rlimit_core",
                                           "worker_rlimit_nofile",
                                           "worker_shutdown_timeout",
                                           "working_directory"};

// Upstreams and maps that stand outside of any block go with the servers beside them.
void sort_out(std::vector<Directive> all, Tree& tree) {
  const bool stream =
      std::ranges::any_of(all, [](const Directive& each) { return each.is("server"); }) &&
      std::ranges::none_of(all, [](const Directive& each) { return each.is("server") && !is_of_stream(each); });
  for (Directive& each : all) {
    const auto move_children = [&](Directive& into) {
      std::ranges::move(each.children, std::back_inserter(into.children));
    };
    if (each.block && each.is("http")) {
      move_children(tree.http);
    } else if (each.block && each.is("stream")) {
      move_children(tree.stream);
    } else if (each.block && each.is("mail")) {
      move_children(tree.mail);
    } else if (std::ranges::find(main_words, each.name) != std::end(main_words)) {
      tree.main.children.push_back(std::move(each));
    } else if (stream || (each.is("server") && is_of_stream(each))) {
      tree.stream.children.push_back(std::move(each));
    } else {
      tree.http.children.push_back(std::move(each));
    }
  }
}

}  // namespace

Tree read_tree(std::span<const std::string> files, const config::FileSystem& disk, const ReadLimits& limits) {
  Reader reader(disk, limits);
  for (const std::string& file : files) {
    std::vector<Directive> all;
    reader.read_top(file, all);
    sort_out(std::move(all), reader.tree());
  }
  for (Directive* each : {&reader.tree().main, &reader.tree().http, &reader.tree().stream, &reader.tree().mail})
    each->block = true;
  return std::move(reader.tree());
}

}  // namespace sp::import::nginx
