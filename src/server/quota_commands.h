// The owner's commands about quotas: quota-set, quota-remove, quota-list.
#pragma once

#include "api/sagemaker/quotas.h"
#include "server/owner_commands.h"

namespace clary::server {

// `quotas` outlives the commands.
void add_quota_commands(OwnerCommands& commands, api::sagemaker::Quotas& quotas);

}  // namespace clary::server
