#include <gtest/gtest.h>

#include "wire/codec.h"
#include "wire/test_requests.h"

namespace clary::wire {
namespace {

const ServiceModel& model(std::string_view name) {
  static const Models kModels;
  return kModels.get(name);
}

json::object decode(std::string_view service, const RequestHead& head, std::string_view body = {}) {
  const ServiceModel& of = model(service);
  const Router router(of);
  const auto match = router.match(head);
  return decode_request(of, of.protocol(), *match.operation, head, match.labels, body);
}

std::string failure(std::string_view service, const RequestHead& head, std::string_view body = {}) {
  try {
    decode(service, head, body);
  } catch (const ApiError& error) {
    return error.code();
  }
  return {};
}

std::string header(const ResponseHead& head, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : head.headers) {
    if (key == name) all += value;
  }
  return all;
}

TEST(RestCodec, HeadersQueryAndLabels) {
  const json::object input = decode("s3", test_request("PUT", "/b/k", "",
                                                       {{"x-amz-meta-Color", "red"},
                                                        {"x-amz-meta-color", "blue"},
                                                        {"Content-Length", "3"},
                                                        {"Content-Type", "text/csv"},
                                                        {"x-amz-storage-class", ""},
                                                        {"x-amz-acl", "caf\xe9"}}));
  EXPECT_EQ(input.at("Bucket").get_string(), "b");
  EXPECT_EQ(input.at("Metadata").at("color").get_string(), "red,blue");
  EXPECT_EQ(input.at("ContentLength").get_int64(), 3);
  EXPECT_EQ(input.at("ACL").get_string(), "caf\u00e9");
  EXPECT_FALSE(input.contains("Body"));
  const json::object list = decode("s3", test_request("GET", "/b/k", "attributes",
                                                      {{"x-amz-object-attributes", "ETag, Parts"},
                                                       {"x-amz-object-attributes", "Checksum"}}));
  EXPECT_EQ(json::serialize(list.at("ObjectAttributes")), R"(["ETag","Parts","Checksum"])");
  const json::object names =
      decode("sagemaker-featurestore-runtime",
             test_request("GET", "/FeatureGroup/f",
                          "RecordIdentifierValueAsString=a%2Bb+c&FeatureName=x&FeatureName=y"));
  EXPECT_EQ(names.at("RecordIdentifierValueAsString").get_string(), "a+b c");
  EXPECT_EQ(json::serialize(names.at("FeatureNames")), R"(["x","y"])");
}

TEST(RestCodec, BadBindings) {
  EXPECT_EQ(failure("s3", test_request("GET", "/b", "max-keys=many")), "InvalidArgument");
  EXPECT_EQ(failure("s3", test_request("GET", "/b/%ff")), "InvalidURI");
  EXPECT_EQ(failure("s3", test_request("GET", "/b", "prefix=%ff")), "MalformedQueryString");
  EXPECT_EQ(failure("sagemaker-featurestore-runtime", test_request("PUT", "/FeatureGroup/f"), "{"),
            "SerializationException");
}

// A member bound to the path cannot be smuggled in through the body.
TEST(RestCodec, BodyDoesNotOverrideLabels) {
  const json::object input =
      decode("sagemaker-featurestore-runtime", test_request("PUT", "/FeatureGroup/f"),
             R"({"FeatureGroupName": "other", "Record": []})");
  EXPECT_EQ(input.at("FeatureGroupName").get_string(), "f");
}

TEST(RestCodec, XmlBodies) {
  const json::object input =
      decode("s3", test_request("POST", "/b", "delete"),
             "<?xml version=\"1.0\"?>\n<x:Delete xmlns:x=\"y\">\n  <x:Object><x:Key> a&amp;b&#x21; "
             "</x:Key></x:Object>\n <Object><Key><![CDATA[<k>]]></Key><Unknown>1</Unknown></Object>"
             "<Quiet>true</Quiet></x:Delete>");
  EXPECT_EQ(json::serialize(input.at("Delete").at("Objects")),
            R"([{"Key":" a&b! "},{"Key":"<k>"}])");
  EXPECT_TRUE(input.at("Delete").at("Quiet").get_bool());
}

TEST(RestCodec, BadXml) {
  const auto bad = [](const std::string& body) {
    return failure("s3", test_request("POST", "/b", "delete"), body);
  };
  EXPECT_EQ(bad("<Delete>"), "MalformedXML");
  EXPECT_EQ(bad("{}"), "MalformedXML");
  EXPECT_EQ(bad("<Delete><Quiet>maybe</Quiet></Delete>"), "MalformedXML");
  EXPECT_EQ(bad("<Delete><Object><Key>\xff</Key></Object></Delete>"), "MalformedXML");
  EXPECT_EQ(bad("<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&e;"
                "</Key></Object></Delete>"),
            "MalformedXML");
  std::string bomb;
  for (int i = 0; i < 10'000'000; ++i) bomb += "<a>";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(bad(bomb), "MalformedXML");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
}

TEST(RestCodec, S3Documents) {
  const ServiceModel& s3 = model("s3");
  const json::object listing = {
      {"Name", "b"},
      {"KeyCount", 1},
      {"Contents", json::array{{{"Key", "a<\r"}, {"Size", 5}, {"LastModified", 1700000000.123}}}},
      {"CommonPrefixes", json::array{{{"Prefix", "p/"}}, {{"Prefix", "q/"}}}}};
  const auto [head, body] =
      encode_response(s3, Protocol::kRestXml, *s3.find_operation("ListObjectsV2"), listing, "id");
  EXPECT_EQ(body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Contents><Key>a&lt;&#13;</Key><LastModified>2023-11-14T22:13:20.123Z</LastModified>"
            "<Size>5</Size></Contents><Name>b</Name><CommonPrefixes><Prefix>p/</Prefix>"
            "</CommonPrefixes><CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>"
            "<KeyCount>1</KeyCount></ListBucketResult>");
  EXPECT_EQ(header(head, "Content-Type"), "application/xml");
  EXPECT_EQ(header(head, "x-amz-request-id"), "id");
  EXPECT_NE(header(head, "x-amz-id-2"), "");
  const auto location =
      encode_response(s3, Protocol::kRestXml, *s3.find_operation("GetBucketLocation"),
                      {{"LocationConstraint", "eu-west-1"}}, "id");
  EXPECT_TRUE(location.second.ends_with(">eu-west-1</LocationConstraint>")) << location.second;
}

TEST(RestCodec, HeadersOut) {
  const ServiceModel& s3 = model("s3");
  const json::object output = {{"ContentLength", 5},
                               {"ETag", "\"e\""},
                               {"LastModified", 1700000000.9},
                               {"Metadata", {{"k", "v\r\nSet-Cookie: x"}}},
                               {"ContentType", "text/csv"}};
  const auto [head, body] =
      encode_response(s3, Protocol::kRestXml, *s3.find_operation("HeadObject"), output, "id");
  EXPECT_EQ(body, "");
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_EQ(header(head, "Content-Length"), "");
  EXPECT_EQ(header(head, "Last-Modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(header(head, "x-amz-meta-k"), "v  Set-Cookie: x");
  EXPECT_EQ(header(head, "Content-Type"), "text/csv");
  const auto deleted =
      encode_response(s3, Protocol::kRestXml, *s3.find_operation("DeleteObject"), {}, "id");
  EXPECT_EQ(deleted.first.status, 204U);
}

TEST(RestCodec, S3Errors) {
  const ServiceModel& s3 = model("s3");
  ApiError missing("NoSuchKey", "");
  missing.details()["Key"] = "a&b";
  const auto [head, body] =
      encode_error(s3, Protocol::kRestXml, s3.find_operation("GetObject"), missing, "id", "/b/a&b");
  EXPECT_EQ(head.status, 404U);
  EXPECT_EQ(body.substr(0, body.find("<HostId>")),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The "
            "specified key does not exist.</Message><Key>a&amp;b</Key><Resource>/b/a&amp;b"
            "</Resource><RequestId>id</RequestId>");
  const auto bare = encode_error(s3, Protocol::kRestXml, s3.find_operation("HeadObject"),
                                 ApiError("NoSuchKey", ""), "id");
  EXPECT_EQ(bare.first.status, 404U);
  EXPECT_EQ(bare.second, "");
  EXPECT_EQ(header(bare.first, "Content-Type"), "");
}

TEST(RestCodec, RestJsonErrors) {
  const ServiceModel& runtime = model("sagemaker-runtime");
  ApiError failed("ModelError", "Received server error (500) from primary");
  failed.details()["OriginalStatusCode"] = 500;
  failed.details()["Secret"] = "x";
  const auto [head, body] = encode_error(runtime, Protocol::kRestJson,
                                         runtime.find_operation("InvokeEndpoint"), failed, "id");
  EXPECT_EQ(head.status, 424U);
  EXPECT_EQ(header(head, "x-amzn-ErrorType"), "ModelError");
  EXPECT_EQ(body,
            "{\"Message\":\"Received server error (500) from primary\","
            "\"OriginalStatusCode\":500}");
}

}  // namespace
}  // namespace clary::wire
