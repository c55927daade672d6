#include "server/owner_offline.h"

#include "base/clock.h"
#include "server/folder_lock.h"
#include "server/services.h"

namespace clary::server {

json::object run_owner_command(const Settings& settings, const json::object& command) {
  make_private_folder(settings.data_dir);
  const FolderLock lock(settings.data_dir);
  const SystemClock clock;
  Services services(settings, clock);
  return services.run_owner_command(command);
}

}  // namespace clary::server
