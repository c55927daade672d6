#pragma once

#include "algorithms/container/contract.h"

namespace clary::algorithms::xgboost {

// `clary-algo serve`. Loads /opt/ml/model and answers until SIGTERM. The exit status: 0, 1 when the
// model cannot be loaded or the address is taken (said on stderr).
int serve(const ContainerPaths& paths);

}  // namespace clary::algorithms::xgboost
