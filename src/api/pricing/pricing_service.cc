#include "api/pricing/pricing_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/text.h"
#include "wire/sigv4.h"

namespace clary::api {
namespace {

constexpr std::string_view kServiceCode = "AmazonSageMaker";
constexpr std::string_view kAnyRegion = "us-east-1";
constexpr std::string_view kSince = "2026-09-01T00:00:00Z";  // of instance_prices.csv
// AWS's codes of on-demand terms and of hourly rates; every price list has them.
constexpr std::string_view kOnDemand = "JRTCKXETXF", kHourly = "6YS6EN2CT7";
constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr std::size_t kSkuLength = 16;

// What an instance is used for, and how `instanceType` ends for it.
struct Component {
  std::string_view name, suffix;
};
constexpr std::array<Component, 4> kComponents{{{"Training", "Training"},
                                                {"Processing", "Processing"},
                                                {"Batch Transform", "BatchTransform"},
                                                {"Hosting", "Hosting"}}};

using Attributes = std::map<std::string, std::string, std::less<>>;

struct Product {
  Attributes attributes;
  double dollars_per_hour = 0;
};

void check_service(const json::object& input) {
  const auto code = find_string(input, "ServiceCode");
  if (code && *code != kServiceCode) {
    throw wire::ApiError("NotFoundException",
                         "There are prices of AmazonSageMaker here, not of " + std::string(*code),
                         400);
  }
}

void check_format(const json::object& input) {
  const auto format = find_string(input, "FormatVersion");
  if (format && *format != "aws_v1") {
    throw wire::ApiError("InvalidParameterException",
                         "FormatVersion is aws_v1, not " + std::string(*format), 400);
  }
}

Product product_of(const sagemaker::PricedInstanceType& type, const Component& component,
                   std::string_view region) {
  Product product;
  product.dollars_per_hour = *type.dollars_per_hour;
  product.attributes = {
      {"servicecode", std::string(kServiceCode)},
      {"servicename", "Amazon SageMaker"},
      {"operation", "RunInstance"},
      {"locationType", "AWS Region"},
      {"regionCode", std::string(region)},
      {"component", std::string(component.name)},
      {"instanceName", type.name},
      {"instanceType", type.name + "-" + std::string(component.suffix)},
      {"vCpu", fmt::format("{:g}", type.cpus)},
      {"memory", fmt::format("{:g} GiB", static_cast<double>(type.memory_bytes) / kGiB)},
      {"gpu", type.gpus == 0 ? "N/A" : std::to_string(type.gpus)}};
  return product;
}

std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.push_back(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

bool is_one_of(std::string_view value, std::string_view list) {
  const std::vector<std::string_view> parts = parts_of(list);
  return std::ranges::find(parts, value) != parts.end();
}

bool passes(const Attributes& attributes, const json::object& filter) {
  const auto found = attributes.find(string_or(filter, "Field"));
  const std::string type = string_or(filter, "Type"), wanted = string_or(filter, "Value");
  if (found == attributes.end()) return type == "NONE_OF";
  const std::string_view value = found->second;
  if (type == "NONE_OF") return !is_one_of(value, wanted);
  if (type == "ANY_OF") return is_one_of(value, wanted);
  if (type == "CONTAINS") return value.find(wanted) != std::string_view::npos;
  return value == wanted;  // TERM_MATCH and EQUALS
}

bool passes_all(const Attributes& attributes, const json::array* filters) {
  if (filters == nullptr) return true;
  return std::ranges::all_of(
      *filters, [&](const json::value& filter) { return passes(attributes, filter.as_object()); });
}

// Prices are the same in every region: what is asked for is what is answered.
std::string region_of(const json::array* filters) {
  if (filters == nullptr) return std::string(kAnyRegion);
  for (const json::value& value : *filters) {
    const json::object& filter = value.as_object();
    const std::string type = string_or(filter, "Type");
    if (string_or(filter, "Field") == "regionCode" && (type == "TERM_MATCH" || type == "EQUALS")) {
      return string_or(filter, "Value");
    }
  }
  return std::string(kAnyRegion);
}

std::vector<Product> products_of(const sagemaker::InstanceCatalogue& catalogue,
                                 std::string_view region) {
  std::vector<Product> products;
  for (const sagemaker::PricedInstanceType& type : catalogue.types()) {
    if (!type.dollars_per_hour) continue;
    for (const Component& component : kComponents) {
      products.push_back(product_of(type, component, region));
    }
  }
  return products;
}

// Sixteen letters and digits, as AWS has them: the same for a product at any time.
std::string sku_of(std::string_view type) {
  std::string sku = wire::sha256_hex(type).substr(0, kSkuLength);
  std::ranges::transform(sku, sku.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return sku;
}

json::object document_of(const Product& product) {
  json::object attributes;
  for (const auto& [name, value] : product.attributes) attributes[name] = value;
  const std::string& type = product.attributes.at("instanceType");
  const std::string sku = sku_of(type);
  const std::string term = sku + "." + std::string(kOnDemand);
  const std::string rate = term + "." + std::string(kHourly);
  const std::string dollars = fmt::format("{:.10f}", product.dollars_per_hour);
  const json::object dimension{
      {"unit", "Hrs"},
      {"beginRange", "0"},
      {"endRange", "Inf"},
      {"description", "$" + fmt::format("{:g}", product.dollars_per_hour) + " per hour of " + type},
      {"appliesTo", json::array()},
      {"rateCode", rate},
      {"pricePerUnit", {{"USD", dollars}}}};
  return {{"product", {{"productFamily", "ML Instance"}, {"attributes", attributes}, {"sku", sku}}},
          {"serviceCode", kServiceCode},
          {"terms",
           {{"OnDemand",
             {{term,
               {{"priceDimensions", {{rate, dimension}}},
                {"sku", sku},
                {"effectiveDate", kSince},
                {"offerTermCode", kOnDemand},
                {"termAttributes", json::object()}}}}}}},
          {"version", std::string(kSince)},
          {"publicationDate", kSince}};
}

// How many of a list earlier pages had.
std::size_t offset_of(const json::object& input) {
  const auto token = find_string(input, "NextToken");
  if (!token) return 0;
  const auto text = unbase64(*token);
  std::size_t offset = 0;
  if (text) {
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, offset);
    if (parsed.ec == std::errc() && parsed.ptr == end) return offset;
  }
  throw wire::ApiError("InvalidNextTokenException", "The token is not one that this list gave.",
                       400);
}

// The page of `all` that is asked for, under `member`.
json::object page_of(const json::object& input, json::array all, std::string_view member) {
  const std::size_t from = std::min(offset_of(input), all.size());
  const auto most = static_cast<std::size_t>(find_int(input, "MaxResults").value_or(100));
  const std::size_t until = std::min(all.size(), from + most);
  json::object output{{member, json::array(all.begin() + static_cast<std::ptrdiff_t>(from),
                                           all.begin() + static_cast<std::ptrdiff_t>(until))}};
  if (until < all.size()) output["NextToken"] = base64(std::to_string(until));
  return output;
}

}  // namespace

std::vector<OperationEntry> PricingService::operations() {
  const auto plain = [this](auto operation) {
    return [this, operation](const json::object& input, Call& call) {
      return (this->*operation)(input, call);
    };
  };
  return {
      {.name = "DescribeServices",
       .plain = plain(&PricingService::describe_services),
       .streaming = nullptr},
      {.name = "GetAttributeValues",
       .plain = plain(&PricingService::get_attribute_values),
       .streaming = nullptr},
      {.name = "GetProducts", .plain = plain(&PricingService::get_products), .streaming = nullptr}};
}

json::object PricingService::describe_services(const json::object& input, Call&) {
  check_service(input);
  check_format(input);
  json::array names;
  const std::vector<Product> products = products_of(catalogue_, kAnyRegion);
  if (!products.empty()) {
    for (const auto& [name, value] : products.front().attributes) names.emplace_back(name);
  }
  json::object output = page_of(
      input, {{{"ServiceCode", kServiceCode}, {"AttributeNames", std::move(names)}}}, "Services");
  output["FormatVersion"] = "aws_v1";
  return output;
}

json::object PricingService::get_attribute_values(const json::object& input, Call&) {
  check_service(input);
  const std::string name = string_or(input, "AttributeName");
  std::set<std::string> values;
  for (const Product& product : products_of(catalogue_, kAnyRegion)) {
    const auto found = product.attributes.find(name);
    if (found == product.attributes.end()) {
      throw wire::ApiError("InvalidParameterException", "AmazonSageMaker has no attribute " + name,
                           400);
    }
    values.insert(found->second);
  }
  json::array all;
  for (const std::string& value : values) all.push_back({{"Value", value}});
  return page_of(input, std::move(all), "AttributeValues");
}

json::object PricingService::get_products(const json::object& input, Call&) {
  check_service(input);
  check_format(input);
  const json::array* filters = find_array(input, "Filters");
  json::array all;
  for (const Product& product : products_of(catalogue_, region_of(filters))) {
    if (passes_all(product.attributes, filters)) {
      all.emplace_back(json::serialize(document_of(product)));
    }
  }
  json::object output = page_of(input, std::move(all), "PriceList");
  output["FormatVersion"] = "aws_v1";
  return output;
}

}  // namespace clary::api
