// Whether a grant lets a principal do something.
#pragma once

#include <memory>
#include <string_view>

#include "identity/credentials.h"
#include "keys/key_table.h"

namespace clary::api::kms {

// Whether `arn` names the principal: itself, the role of its session, or its account.
bool names_principal(std::string_view arn, const identity::Principal& principal);

// A grant of the key that lets the principal do `action` under that encryption context (nullptr:
// none was given); nullptr when there is none.
std::shared_ptr<const keys::Grant> matching_grant(const keys::KmsKey& key,
                                                  const identity::Principal& principal,
                                                  std::string_view action,
                                                  const keys::EncryptionContext* context);

}  // namespace clary::api::kms
