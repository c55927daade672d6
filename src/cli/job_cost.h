// What jobs cost: the time their instances are billed for, at the prices of the server's price
// list.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/job_view.h"

namespace clary::cli {

inline constexpr AwsService kPriceList{"pricing", "AWSPriceListService",
                                       "application/x-amz-json-1.1"};

// Prices as the server gives them, each asked for once. blocks. threads: one at a time.
class Prices {
 public:
  explicit Prices(AwsClient& client) : client_(client) {}  // which outlives it
  // US dollars an hour; nothing when the server has no price, or does not tell this caller.
  std::optional<double> per_hour(const std::string& instance_type);
  // Until now, of one that goes on. Nothing when a price of its instances is not known.
  std::optional<double> cost_of(const JobView& job, Timestamp now);

 private:
  std::optional<double> ask(const std::string& instance_type);

  AwsClient& client_;
  std::map<std::string, std::optional<double>> known_;
};

// "$12.34"; below a dollar "$0.0042"; "-" for nothing.
std::string money_text(std::optional<double> dollars);

}  // namespace clary::cli
