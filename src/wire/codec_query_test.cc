#include <gtest/gtest.h>

#include "wire/cbor.h"
#include "wire/codec.h"
#include "wire/test_requests.h"

namespace clary::wire {
namespace {

const ServiceModel& model(std::string_view name) {
  static const Models kModels;
  return kModels.get(name);
}

json::object decode(std::string_view service, std::string_view form) {
  const ServiceModel& of = model(service);
  const RequestHead head = test_request("POST", "/");
  const Operation& operation = operation_of(of, Protocol::kQuery, head, form);
  return decode_request(of, Protocol::kQuery, operation, head, {}, form);
}

std::string failure(std::string_view service, std::string_view form) {
  try {
    decode(service, form);
  } catch (const ApiError& error) {
    return error.code();
  }
  return {};
}

TEST(QueryCodec, ListsAndStructures) {
  EXPECT_EQ(json::serialize(
                decode("iam",
                       "Action=CreateRole&Version=2010-05-08&RoleName=r+%2B&MaxSessionDuration=60&"
                       "Tags.member.2.Key=b&Tags.member.10.Key=c&Tags.member.1.Key=a&"
                       "Tags.member.1.Value=&Unknown=1")),
            R"({"RoleName":"r +","MaxSessionDuration":60,"Tags":[{"Key":"a","Value":""},)"
            R"({"Key":"b"},{"Key":"c"}]})");
  EXPECT_EQ(json::serialize(decode("iam", "Action=UntagRole&Version=2010-05-08&TagKeys=")),
            R"({"TagKeys":[]})");
}

TEST(QueryCodec, GetRequestsCarryTheirFormInTheUrl) {
  const ServiceModel& sts = model("sts");
  const RequestHead head =
      test_request("GET", "/", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s");
  const Operation& operation = operation_of(sts, Protocol::kQuery, head, "");
  EXPECT_EQ(operation.name, "AssumeRole");
  EXPECT_EQ(decode_request(sts, Protocol::kQuery, operation, head, {}, "").size(), 1U);
}

TEST(QueryCodec, BadForms) {
  EXPECT_EQ(failure("iam", ""), "MissingAction");
  EXPECT_EQ(failure("iam", "Action=Nothing&Version=2010-05-08"), "InvalidAction");
  EXPECT_EQ(failure("iam", "Action=CreateRole&Version=1999-01-01"), "InvalidAction");
  EXPECT_EQ(failure("iam", "Action=CreateRole&MaxSessionDuration=x"), "MalformedInput");
  EXPECT_EQ(failure("iam", "Action=CreateRole&RoleName=%f"), "MalformedQueryString");
  EXPECT_EQ(failure("iam", "Action=CreateRole&RoleName=%ff"), "MalformedQueryString");
  std::string deep = "Action=CreateRole&Tags";
  for (int i = 0; i < 1'000'000; ++i) deep += ".a";
  EXPECT_EQ(failure("iam", deep), "MalformedInput");
}

TEST(QueryCodec, ManyFieldsInTime) {
  std::string form = "Action=CreateRole";
  for (int i = 1; i < 90'000; ++i) form += "&Tags.member." + std::to_string(i) + ".Key=k";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(decode("iam", form).at("Tags").get_array().size(), 89'999U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(QueryCodec, Responses) {
  const ServiceModel& sts = model("sts");
  const auto [head, body] = encode_response(
      sts, Protocol::kQuery, *sts.find_operation("GetCallerIdentity"),
      {{"Account", "000000000000"}, {"Arn", "arn:aws:iam::000000000000:user/a&b"}}, "id");
  EXPECT_EQ(body,
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
            "  <GetCallerIdentityResult><Account>000000000000</Account>"
            "<Arn>arn:aws:iam::000000000000:user/a&amp;b</Arn></GetCallerIdentityResult>\n"
            "  <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>\n"
            "</GetCallerIdentityResponse>\n");
  EXPECT_EQ(head.headers[1].second, "text/xml");
}

TEST(QueryCodec, Errors) {
  const ServiceModel& iam = model("iam");
  const auto [head, body] =
      encode_error(iam, Protocol::kQuery, iam.find_operation("GetRole"),
                   ApiError("NoSuchEntityException", "The role <r> cannot be found."), "id");
  EXPECT_EQ(head.status, 404U);
  EXPECT_NE(body.find("<Type>Sender</Type>"), std::string::npos);
  EXPECT_NE(body.find("<Code>NoSuchEntity</Code><Message>The role &lt;r&gt; cannot"),
            std::string::npos)
      << body;
  const auto denied =
      encode_error(iam, Protocol::kQuery, nullptr, ApiError("AccessDenied", "no"), "id");
  EXPECT_EQ(denied.first.status, 403U);
}

// One service, three protocols, told apart by the request.
TEST(CloudWatch, ProtocolByRequest) {
  const ServiceModel& cloudwatch = model("cloudwatch");
  EXPECT_EQ(protocol_of(cloudwatch,
                        test_request("POST", "/", "",
                                     {{"X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics"},
                                      {"Content-Type", "application/x-amz-json-1.0"}})),
            Protocol::kJson10);
  const std::string path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
  const RequestHead cbor = test_request("POST", path, "", {{"smithy-protocol", "rpc-v2-cbor"}});
  EXPECT_EQ(protocol_of(cloudwatch, cbor), Protocol::kRpcV2Cbor);
  EXPECT_EQ(operation_of(cloudwatch, Protocol::kRpcV2Cbor, cbor, "").name, "PutMetricData");
  EXPECT_EQ(protocol_of(cloudwatch, test_request("POST", "/")), Protocol::kQuery);
}

TEST(CborCodec, BadBodies) {
  const Shape& shape = *model("cloudwatch").find_operation("PutMetricData")->input;
  const auto bad = [&](std::string_view body) {
    try {
      decode_cbor(shape, body);
    } catch (const ApiError& error) {
      return error.code() == "SerializationException";
    }
    return false;
  };
  EXPECT_TRUE(bad("\xa1"));                       // a map without its entry
  EXPECT_TRUE(bad("\xff"));                       // a break from nowhere
  EXPECT_TRUE(bad("\xa1\x69Namespace\x01"));      // a number for a string
  EXPECT_TRUE(bad("\xa1\x69Namespace\x61\xff"));  // no UTF-8
  EXPECT_TRUE(bad("\xa1\x69Namespace\x7b\xff\xff\xff\xff\xff\xff\xff\xff"));  // longer than all
  EXPECT_TRUE(bad(std::string_view("\xa0\x00", 2)));  // bytes behind the document
  EXPECT_TRUE(bad(std::string("\xa1\x61x") + std::string(100'000, '\x81')));  // deep nesting
  EXPECT_FALSE(bad("\xa0"));
}

}  // namespace
}  // namespace clary::wire
