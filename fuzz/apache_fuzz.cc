// Apache's configuration: any bytes give a file that is YAML, and notes that say something. What follows a NUL is a
// second file, which the first may include as "other.conf".
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "config/files.h"
#include "import/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find('\0'), text.size());
  sp::config::MemoryFileSystem disk;
  disk.files["/etc/apache2/site.conf"] = text.substr(0, cut);
  disk.files["/etc/apache2/other.conf"] = text.substr(std::min(text.size(), cut + 1));
  const std::vector<std::string> files{"/etc/apache2/site.conf"};
  const sp::import::Imported imported = sp::import::import_apache(files, disk);
  for (const auto& note : imported.untranslated) {
    if (note.why.empty() || note.line <= 0) std::abort();
  }
  const YAML::Node read = YAML::Load(imported.yaml);  // what it throws ends the run
  if (read.IsMap() && read["inbound"] && !read["inbound"].IsSequence()) std::abort();
  return 0;
}
