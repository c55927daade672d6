// The agent's KMS: the one call that it makes.
#pragma once

#include <stdexcept>
#include <string>

#include "agent/s3_client.h"

namespace clary::agent {

// A data key of the KMS key, made with the rights of the job's role: Base64 of its 32 bytes. It is
// bound to the job's ARN by its encryption context. blocks. Throws InputError with what KMS
// said.
std::string generate_data_key(const S3Options& server, const Clock& clock,
                              const std::string& key_id, const std::string& job_arn);

}  // namespace clary::agent
