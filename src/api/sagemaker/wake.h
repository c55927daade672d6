// Tells the work queue that a document changed: engine::Controllers::enqueue.
#pragma once

#include <functional>

#include "store/documents.h"

namespace clary::api::sagemaker {

using Wake = std::function<void(const store::DocumentKey&)>;

}  // namespace clary::api::sagemaker
