// Key policies as they come in, and the condition keys of tags in a request.
#pragma once

#include <map>
#include <string>

#include "api/kms/key_access.h"

namespace clary::api::kms {

// Throws MalformedPolicyDocumentException; also when the caller could not change the policy again,
// unless `bypass` says that this is meant.
void check_key_policy(KeyAccess& access, const Call& call, const keys::KmsKey& key,
                      const std::string& policy, bool bypass);

// aws:RequestTag/KEY and aws:TagKeys.
void add_tag_context(identity::Context& context, const std::map<std::string, std::string>& tags);

}  // namespace clary::api::kms
