#include "store/document_query.h"

#include "base/text.h"

namespace clary::store {
namespace {

using Sort = DocumentQuery::Sort;

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

// A JSON path to a member; dots lead into nested objects.
std::string member_path(std::string_view name) {
  std::string path = "$.\"";
  for (const char c : name) {
    if (c == '.') {
      path += "\".\"";
    } else if (c != '"') {
      path += c;
    }
  }
  return path + "\"";
}

bool has_parent(const DocumentQuery& query) {
  return query.parent && !query.parent->empty();
}

// The schema's indexes; naming the one to walk keeps the planner from sorting a whole table.
std::string_view index_for(const DocumentQuery& query, bool one_status) {
  if (has_parent(query)) return "documents_parent";
  if (one_status) {
    switch (query.sort) {
      case Sort::kCreated:
        return "documents_status_created";
      case Sort::kModified:
        return "documents_status_modified";
      case Sort::kName:
      case Sort::kStatus:
        return "documents_status_name";
    }
  }
  switch (query.sort) {
    case Sort::kCreated:
      return "documents_created";
    case Sort::kModified:
      return "documents_modified";
    case Sort::kName:
      return "documents_name";
    case Sort::kStatus:
      return "documents_status_name";
  }
  return "documents_name";
}

class SqlBuilder {
 public:
  void also(std::string_view condition) { text_.append(" AND ").append(condition); }
  void equals(std::string_view column, SqlValue value) { compare(column, "=", std::move(value)); }
  void compare(std::string_view column, std::string_view sign, SqlValue value) {
    text_.append(first_ ? " WHERE " : " AND ").append(column).append(sign).append("?");
    first_ = false;
    values_.push_back(std::move(value));
  }
  void bind(SqlValue value) { values_.push_back(std::move(value)); }
  void append(std::string_view text) { text_.append(text); }
  ListSql take() { return {std::move(text_), std::move(values_)}; }

 private:
  std::string text_;
  std::vector<SqlValue> values_;
  bool first_ = true;
};

void add_filters(SqlBuilder& sql, const DocumentQuery& query) {
  const std::pair<const std::optional<Timestamp>*, std::string_view> times[] = {
      {&query.created_after, "created>"},
      {&query.created_before, "created<"},
      {&query.modified_after, "modified>"},
      {&query.modified_before, "modified<"}};
  for (const auto& [time, comparison] : times) {
    if (*time) sql.compare(comparison, "", milliseconds(**time));
  }
  if (query.name_contains && !query.name_contains->empty()) {
    sql.also("name LIKE ? ESCAPE '\\'");
    sql.bind(like_pattern(*query.name_contains));
  }
  for (const auto& [member, value] : query.body_equals) {
    sql.also("json_extract(body,?)=?");
    sql.bind(member_path(member));
    sql.bind(value);
  }
}

void add_position(SqlBuilder& sql, const DocumentQuery& query, const ListPosition& position) {
  const std::string sign = query.descending ? "<" : ">";
  switch (query.sort) {
    case Sort::kCreated:
    case Sort::kModified:
      sql.also((query.sort == Sort::kCreated ? "(created,name)" : "(modified,name)") + sign +
               "(?,?)");
      sql.bind(position.time);
      sql.bind(position.name);
      break;
    case Sort::kStatus:
      sql.also("(status,name)" + sign + "(?,?)");
      sql.bind(position.status);
      sql.bind(position.name);
      break;
    case Sort::kName:
      sql.compare("name", sign, position.name);
      break;
  }
}

}  // namespace

ListSql list_sql(const DocumentQuery& query, const std::string* status,
                 const ListPosition* position, std::size_t limit) {
  SqlBuilder sql;
  sql.append("SELECT ");
  sql.append(kDocumentColumns);
  sql.append(" FROM documents INDEXED BY ");
  sql.append(index_for(query, status != nullptr));
  sql.equals("kind", query.kind);
  sql.equals("account", query.account);
  sql.equals("region", query.region);
  if (has_parent(query)) {
    sql.equals("parent", *query.parent);
    // The index leaves out documents without a parent.
    sql.also("parent<>''");
  } else if (query.parent) {
    sql.equals("parent", std::string());
  }
  if (status != nullptr) sql.equals("status", *status);
  add_filters(sql, query);
  if (position != nullptr) add_position(sql, query, *position);
  const std::string_view direction = query.descending ? " DESC" : "";
  sql.append(" ORDER BY ");
  switch (query.sort) {
    case Sort::kCreated:
      sql.append("created");
      break;
    case Sort::kModified:
      sql.append("modified");
      break;
    case Sort::kStatus:
      sql.append("status");
      break;
    case Sort::kName:
      break;
  }
  if (query.sort != Sort::kName) sql.append(direction), sql.append(",");
  sql.append("name");
  sql.append(direction);
  sql.append(" LIMIT ?");
  sql.bind(static_cast<std::int64_t>(limit));
  return sql.take();
}

std::string query_fingerprint(const DocumentQuery& query) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text.append(std::to_string(part.size())).append(":").append(part);
  };
  const auto add_time = [&add](const std::optional<Timestamp>& time) {
    add(time ? std::to_string(milliseconds(*time)) : "");
  };
  add(query.kind);
  add(query.account);
  add(query.region);
  add(query.parent.value_or("-"));
  add(query.name_contains.value_or(""));
  add(std::to_string(query.statuses.size()));
  for (const auto& status : query.statuses) add(status);
  add_time(query.created_after);
  add_time(query.created_before);
  add_time(query.modified_after);
  add_time(query.modified_before);
  for (const auto& [member, value] : query.body_equals) {
    add(member);
    add(value);
  }
  add(std::to_string(static_cast<int>(query.sort)) + (query.descending ? "d" : "a"));
  return text;
}

}  // namespace clary::store
