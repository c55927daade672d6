// The price list: what an hour of an instance costs on this server.
#pragma once

#include "api/call.h"
#include "api/sagemaker/instance_catalogue.h"

namespace clary::api {

// owns nothing: the catalogue outlives it.
class PricingService final : public Service {
 public:
  explicit PricingService(const sagemaker::InstanceCatalogue& catalogue) : catalogue_(catalogue) {}
  std::string_view model_name() const override { return "pricing"; }
  std::vector<OperationEntry> operations() override;

 private:
  json::object describe_services(const json::object& input, Call& call);
  json::object get_attribute_values(const json::object& input, Call& call);
  json::object get_products(const json::object& input, Call& call);

  const sagemaker::InstanceCatalogue& catalogue_;
};

}  // namespace clary::api
