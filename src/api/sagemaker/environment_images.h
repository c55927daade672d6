// Framework environments as a source of ways to run images: they stand in for the images of
// scikit-learn, XGBoost with a script, PyTorch and others.
#pragma once

#include "api/sagemaker/images.h"
#include "engine/environments.h"

namespace clary::api::sagemaker {

class EnvironmentImages final : public ImageSource {
 public:
  explicit EnvironmentImages(engine::Environments& environments) : environments_(environments) {}
  std::optional<ImageWay> find(std::string_view uri, ImageUse use) override;
  std::string offer() const override;
  std::string remedy(std::string_view uri) override;

 private:
  engine::Environments& environments_;
};

}  // namespace clary::api::sagemaker
