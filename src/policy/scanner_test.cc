#include "policy/scanner.h"

#include <gtest/gtest.h>

namespace sp::policy {
namespace {

config::ScannerConfig configured(std::string requests, std::string responses) {
  config::ScannerConfig config;
  config.requests = {std::move(requests), {}};
  config.responses = {std::move(responses), {}};
  return config;
}

TEST(Scanner, is_none_where_there_is_none) { EXPECT_EQ(compile_scanner(std::nullopt), nullptr); }

TEST(Scanner, has_the_services_that_are_given) {
  config::ScannerConfig config = configured("", "icap://[::1]/avscan");
  config.unavailable = config::ScannerGone::pass;
  config.max_body = Bytes{7};
  const auto scanner = compile_scanner(config);
  ASSERT_NE(scanner, nullptr);
  EXPECT_FALSE(scanner->requests.has_value());
  ASSERT_TRUE(scanner->responses.has_value());
  EXPECT_EQ(scanner->responses->address, "[::1]:1344");
  EXPECT_EQ(scanner->responses->url.path, "/avscan");
  EXPECT_EQ(scanner->responses->text, "icap://[::1]/avscan");
  EXPECT_EQ(scanner->max_body, 7u);
  EXPECT_TRUE(scanner->pass_unseen);
  const auto other = compile_scanner(configured("icap://scanner.example:1345/x", "nonsense"));
  EXPECT_EQ(other->requests->address, "scanner.example:1345");
  EXPECT_FALSE(other->responses.has_value());
  EXPECT_FALSE(other->pass_unseen);
}

}  // namespace
}  // namespace sp::policy
