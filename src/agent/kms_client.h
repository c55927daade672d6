// The agent's KMS: the one call that it makes.
#pragma once

#include <stdexcept>
#include <string>

#include "agent/s3_client.h"

namespace clary::agent {

// A data key of the KMS key, made with the rights of the job's role: `bytes` of them. It is
// bound to the job's ARN by its encryption context. blocks. Throws InputError with what KMS
// said.
std::string generate_data_key(const S3Options& server, const Clock& clock,
                              const std::string& key_id, std::size_t bytes,
                              const std::string& job_arn);

}  // namespace clary::agent
