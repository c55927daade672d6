#include "wire/response_heads.h"

#include "base/text.h"

namespace clary::wire {

ResponseHead response_head(const ServiceModel& model, Protocol protocol,
                           std::string_view request_id) {
  ResponseHead head;
  if (model.name() == "s3") {
    head.headers.emplace_back("x-amz-request-id", request_id);
    head.headers.emplace_back("x-amz-id-2", s3_host_id(request_id));
  } else {
    head.headers.emplace_back("x-amzn-RequestId", request_id);
  }
  if (protocol == Protocol::kRpcV2Cbor) head.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return head;
}

std::string_view content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::kJson10:
      return "application/x-amz-json-1.0";
    case Protocol::kJson11:
      return "application/x-amz-json-1.1";
    case Protocol::kRestJson:
      return "application/json";
    case Protocol::kRestXml:
      return "application/xml";
    case Protocol::kQuery:
      return "text/xml";
    case Protocol::kRpcV2Cbor:
      return "application/cbor";
  }
  return "application/octet-stream";
}

std::string s3_host_id(std::string_view request_id) {
  return base64(std::string(request_id) + "/" + std::string(request_id));
}

}  // namespace clary::wire
