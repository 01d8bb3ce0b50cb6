// Where virtual hosts listen: <VirtualHost address:port> and Listen together, as URLs.
#pragma once

#include <string>
#include <vector>

#include "import/apache/report.h"
#include "import/apache/scope.h"

namespace sp::import::apache {

// "https://:443", "http://127.0.0.1:8080"; in the order of the addresses, each once.
std::vector<std::string> listen_urls(const Configuration& configuration, const Server& host, Report& report);

// What the server as a whole listens on: the Listens that no virtual host answers for.
std::vector<std::string> remaining_addresses(const Configuration& configuration);

}  // namespace sp::import::apache
