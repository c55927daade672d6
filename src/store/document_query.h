// The SQL of one list over the table of documents: which index it walks and from where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/documents.h"

namespace clary::store {

// Where the next page starts: the sort value of the last document shown, and its name, which is
// unique in the scope of a list. `time` for kCreated and kModified, `status` for kStatus.
struct ListPosition {
  std::int64_t time = 0;
  std::string status, name;
};

using SqlValue = std::variant<std::int64_t, std::string>;
struct ListSql {
  std::string text;
  std::vector<SqlValue> values;
};

inline constexpr std::string_view kDocumentColumns =
    "kind,account,region,name,arn,status,parent,created,modified,version,body,internal";

// `status`: the one status this walk is for; nullptr for all. A query with several statuses is as
// many walks, merged by the caller.
ListSql list_sql(const DocumentQuery& query, const std::string* status,
                 const ListPosition* position, std::size_t limit);

// Names the query in page tokens: two pages of one list agree in it.
std::string query_fingerprint(const DocumentQuery& query);

}  // namespace clary::store
