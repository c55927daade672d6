#include "wire/error_facts.h"

#include <algorithm>
#include <array>

namespace clary::wire {
namespace {

struct CommonError {
  std::string_view code;
  unsigned rest_status;  // query and REST
  unsigned json_status;  // awsJson answers most client faults with 400
};

// Errors that every service has and no model lists.
constexpr std::array kCommon = {
    CommonError{"AccessDenied", 403, 400},
    CommonError{"AccessDeniedException", 403, 400},
    CommonError{"ExpiredToken", 403, 400},
    CommonError{"ExpiredTokenException", 403, 400},
    CommonError{"IncompleteSignature", 403, 400},
    CommonError{"IncompleteSignatureException", 403, 400},
    CommonError{"InternalError", 500, 500},
    CommonError{"InternalFailure", 500, 500},
    CommonError{"InternalServerError", 500, 500},
    CommonError{"InvalidClientTokenId", 403, 403},
    CommonError{"InvalidSignatureException", 403, 400},
    CommonError{"MissingAuthenticationToken", 403, 400},
    CommonError{"MissingAuthenticationTokenException", 403, 400},
    CommonError{"NotImplemented", 501, 501},
    CommonError{"OptInRequired", 403, 400},
    CommonError{"RequestEntityTooLargeException", 413, 413},
    CommonError{"ServiceUnavailable", 503, 503},
    CommonError{"ServiceUnavailableException", 503, 503},
    CommonError{"SignatureDoesNotMatch", 403, 403},
    CommonError{"Throttling", 400, 400},
    CommonError{"ThrottlingException", 429, 400},
    CommonError{"UnknownOperationException", 404, 400},
    CommonError{"UnrecognizedClientException", 403, 400},
};

struct S3Error {
  std::string_view code;
  unsigned status;
  std::string_view message;
};

// Source: "List of error codes", Amazon S3 API reference.
constexpr std::array kS3 = {
    S3Error{"AccessDenied", 403, "Access Denied"},
    S3Error{"AuthorizationHeaderMalformed", 400,
            "The authorization header that you provided is not valid."},
    S3Error{"AuthorizationQueryParametersError", 400,
            "Query-string authentication parameters are not valid."},
    S3Error{"BadDigest", 400,
            "The Content-MD5 or checksum value that you specified did not match what the server "
            "received."},
    S3Error{"BucketAlreadyExists", 409, "The requested bucket name is not available."},
    S3Error{"BucketAlreadyOwnedByYou", 409,
            "Your previous request to create the named bucket succeeded and you already own it."},
    S3Error{"BucketNotEmpty", 409, "The bucket you tried to delete is not empty"},
    S3Error{"ConditionalRequestConflict", 409,
            "A conflicting operation occurred during the request."},
    S3Error{"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"},
    S3Error{"EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size"},
    S3Error{"ExpiredToken", 400, "The provided token has expired."},
    S3Error{"IllegalLocationConstraintException", 400,
            "The specified location constraint is not valid for the endpoint of this request."},
    S3Error{"IncompleteBody", 400,
            "You did not provide the number of bytes specified by the Content-Length HTTP header"},
    S3Error{"InternalError", 500, "We encountered an internal error. Please try again."},
    S3Error{"InvalidAccessKeyId", 403,
            "The AWS Access Key Id you provided does not exist in our records."},
    S3Error{"InvalidArgument", 400, "Invalid Argument"},
    S3Error{"InvalidBucketName", 400, "The specified bucket is not valid."},
    S3Error{"InvalidBucketState", 409,
            "The request is not valid for the current state of the bucket."},
    S3Error{"InvalidDigest", 400, "The Content-MD5 you specified was invalid."},
    S3Error{"InvalidObjectState", 403, "The operation is not valid for the object's storage class"},
    S3Error{"InvalidPart", 400,
            "One or more of the specified parts could not be found.  The part may not have been "
            "uploaded, or the specified entity tag may not match the part's entity tag."},
    S3Error{"InvalidPartOrder", 400,
            "The list of parts was not in ascending order. Parts must be ordered by part number."},
    S3Error{"InvalidRange", 416, "The requested range is not satisfiable"},
    S3Error{"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
    S3Error{"InvalidURI", 400, "Couldn't parse the specified URI."},
    S3Error{"KeyTooLongError", 400, "Your key is too long"},
    S3Error{"MalformedPolicy", 400, "Policies must be valid JSON"},
    S3Error{"MalformedXML", 400,
            "The XML you provided was not well-formed or did not validate against our published "
            "schema"},
    S3Error{"MetadataTooLarge", 400,
            "Your metadata headers exceed the maximum allowed metadata size"},
    S3Error{"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    S3Error{"MissingContentLength", 411, "You must provide the Content-Length HTTP header."},
    S3Error{"MissingSecurityHeader", 400, "Your request was missing a required header"},
    S3Error{"NoSuchBucket", 404, "The specified bucket does not exist"},
    S3Error{"NoSuchBucketPolicy", 404, "The bucket policy does not exist"},
    S3Error{"NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"},
    S3Error{"NoSuchKey", 404, "The specified key does not exist."},
    S3Error{"NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"},
    S3Error{"NoSuchTagSet", 404, "The TagSet does not exist"},
    S3Error{"NoSuchUpload", 404,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed."},
    S3Error{"NoSuchVersion", 404, "The specified version does not exist."},
    S3Error{"NotImplemented", 501,
            "A header you provided implies functionality that is not implemented"},
    S3Error{"NotModified", 304, "Not Modified"},
    S3Error{"OperationAborted", 409,
            "A conflicting conditional operation is currently in progress against this resource. "
            "Please try again."},
    S3Error{"PermanentRedirect", 301,
            "The bucket you are attempting to access must be addressed using the specified "
            "endpoint. Please send all future requests to this endpoint."},
    S3Error{"PreconditionFailed", 412,
            "At least one of the pre-conditions you specified did not hold"},
    S3Error{"RequestTimeTooSkewed", 403,
            "The difference between the request time and the current time is too large."},
    S3Error{"RequestTimeout", 400,
            "Your socket connection to the server was not read from or written to within the "
            "timeout period."},
    S3Error{"ServerSideEncryptionConfigurationNotFoundError", 404,
            "The server side encryption configuration was not found"},
    S3Error{"ServiceUnavailable", 503, "Please reduce your request rate."},
    S3Error{"SignatureDoesNotMatch", 403,
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method."},
    S3Error{"SlowDown", 503, "Please reduce your request rate."},
    S3Error{"TooManyBuckets", 400, "You have attempted to create more buckets than allowed"},
    S3Error{"XAmzContentSHA256Mismatch", 400,
            "The provided 'x-amz-content-sha256' header does not match what was computed."},
};

const S3Error* find_s3(std::string_view code) {
  const auto* found =
      std::find_if(kS3.begin(), kS3.end(), [&](const S3Error& one) { return one.code == code; });
  return found == kS3.end() ? nullptr : found;
}

// What the dispatcher says to every service, in S3's words.
std::string_view s3_code(std::string_view code) {
  if (code == "InternalFailure") return "InternalError";
  if (code == "ThrottlingException") return "SlowDown";
  if (code == "UnknownOperationException") return "MethodNotAllowed";
  return code;
}

bool json_like(Protocol protocol) {
  return protocol == Protocol::kJson10 || protocol == Protocol::kJson11 ||
         protocol == Protocol::kRpcV2Cbor;
}

unsigned status_of(const ServiceModel& model, Protocol protocol, const Shape* shape,
                   std::string_view code) {
  if (model.name() == "s3") {
    if (const S3Error* known = find_s3(code)) return known->status;
  }
  if (shape != nullptr) {
    if (shape->error_status != 0) return shape->error_status;
    return shape->fault ? 500 : 400;
  }
  const auto* found = std::find_if(kCommon.begin(), kCommon.end(),
                                   [&](const CommonError& one) { return one.code == code; });
  if (found == kCommon.end()) return 400;
  return json_like(protocol) ? found->json_status : found->rest_status;
}

}  // namespace

ErrorFacts error_facts(const ServiceModel& model, Protocol protocol, const Operation* operation,
                       const ApiError& error) {
  ErrorFacts facts;
  const std::string code(model.name() == "s3" ? s3_code(error.code()) : error.code());
  facts.shape = model.find_error(operation, code);
  facts.code =
      facts.shape != nullptr && !facts.shape->error_code.empty() ? facts.shape->error_code : code;
  facts.type = facts.shape != nullptr ? facts.shape->name : code;
  facts.status =
      error.status() != 0 ? error.status() : status_of(model, protocol, facts.shape, facts.code);
  facts.receiver = facts.status >= 500;
  return facts;
}

std::string_view s3_message(std::string_view code) {
  const S3Error* known = find_s3(code);
  return known == nullptr ? std::string_view() : known->message;
}

}  // namespace clary::wire
