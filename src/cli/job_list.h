// Which jobs a command looks at, and those jobs.
#pragma once

#include <string>
#include <vector>

#include "cli/job_view.h"

namespace clary::cli {

// What people say of jobs; what is empty matches all.
struct JobFilter {
  std::string type, status, name, user, since;
  std::size_t count = 20;
};

// Newest first, of all kinds together. Throws std::runtime_error about a filter that is none.
std::vector<JobView> jobs_of(AwsClient& client, const JobFilter& filter, Timestamp now);

}  // namespace clary::cli
