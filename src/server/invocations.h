// The inference data plane: InvokeEndpoint and InvokeEndpointWithResponseStream, from the gateway
// to a model server and back. No worker pool, no database: the route table is in memory,
// connections to model servers stay open.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "engine/endpoint_routes.h"
#include "server/captured.h"
#include "server/invocation_metrics.h"

namespace clary::server {

// The service "sagemaker-runtime". Stands in server/ and not in api/, since it speaks HTTP to model
// servers.
// threads: any. order: outlives every connection of the server.
class Invocations final : public api::Service {
 public:
  // `tags_of` answers the tags of an endpoint by its ARN; asked only for policies that want them.
  using TagsOf = std::function<std::map<std::string, std::string>(const std::string& arn)>;
  // Takes what the plan of a variant asks to keep of an invocation; does not block.
  using Capture = std::function<void(const std::shared_ptr<const engine::CapturePlan>& plan,
                                     CapturedInvocation invocation)>;
  Invocations(const engine::EndpointRoutes& routes, InvocationMetrics& metrics, TagsOf tags_of = {},
              Capture capture = {});

  std::string_view model_name() const override { return "sagemaker-runtime"; }
  std::vector<api::OperationEntry> operations() override;
  void add_resource_context(const std::string& resource_arn, const api::Call& call,
                            identity::Context& context) override;

 private:
  boost::asio::awaitable<void> invoke(json::object input, api::Call& call, BodyReader& body,
                                      BodyWriter& response);
  boost::asio::awaitable<void> invoke_stream(json::object input, api::Call& call, BodyReader& body,
                                             BodyWriter& response);
  struct Passage;

  const engine::EndpointRoutes& routes_;
  InvocationMetrics& metrics_;
  TagsOf tags_of_;
  Capture capture_;
};

// Picks the variant: `target` when it is not empty (nullptr when there is none of that name), else
// by weight among those that have an instance; `random` is uniform in [0, 1). nullptr when none
// has.
const engine::VariantRoute* choose_variant(const engine::EndpointRoute& route,
                                           std::string_view target, double random);

// The instance with the fewest requests under way; ties go to the one after the last one taken.
std::shared_ptr<engine::ServingInstance> choose_instance(const engine::VariantRoute& variant);

}  // namespace clary::server
