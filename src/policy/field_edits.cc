#include "policy/field_edits.h"

#include "config/grammar.h"

namespace sp::policy {
namespace {

using Findings = std::vector<config::Finding>;

bool good_name(const std::string& name, const config::Place& place, Findings& findings) {
  auto problem = config::editable_field(name);
  if (problem) findings.push_back({.place = place, .message = problem->message, .remedy = problem->remedy});
  return !problem;
}

void compile_value(FieldEdit::Op op, const std::pair<std::string, config::Text>& edit, std::vector<FieldEdit>& out,
                   Findings& findings) {
  const auto& [name, text] = edit;
  if (!good_name(name, text.place, findings)) return;
  auto value = Template::compile(text.value);
  if (!value) {
    findings.push_back({.place = text.place, .message = value.error(), .remedy = {}});
  } else if (!http::is_field_value(value->source())) {
    findings.push_back({.place = text.place, .message = "a field value cannot hold control characters", .remedy = {}});
  } else {
    out.push_back({.op = op, .id = http::field_id(name), .name = name, .value = *std::move(value)});
  }
}

void apply_set(const FieldEdit& edit, std::string_view value, http::Fields& fields) {
  if (edit.id != http::FieldId::other && !fields.has(edit.id)) return fields.add({edit.name, value, edit.id});
  fields.set(edit.name, value);
}

}  // namespace

void compile_edits(const config::FieldEdits& edits, const config::Place& place, std::vector<FieldEdit>& out,
                   Findings& findings) {
  for (const std::string& name : edits.remove) {
    if (good_name(name, place, findings)) {
      out.push_back({.op = FieldEdit::Op::remove, .id = http::field_id(name), .name = name, .value = {}});
    }
  }
  for (const auto& edit : edits.set) compile_value(FieldEdit::Op::set, edit, out, findings);
  for (const auto& edit : edits.add) compile_value(FieldEdit::Op::add, edit, out, findings);
}

void apply_edits(std::span<const FieldEdit> edits, http::Fields& fields, const Variables& variables, Arena& arena) {
  for (const FieldEdit& edit : edits) {
    if (edit.op == FieldEdit::Op::remove) {
      fields.remove(edit.name);
      continue;
    }
    std::string_view value = http::trim(edit.value.expand(variables, arena));
    bool nothing = value.empty() && !edit.value.is_literal();
    if (edit.op == FieldEdit::Op::set) {
      nothing ? static_cast<void>(fields.remove(edit.name)) : apply_set(edit, value, fields);
    } else if (!nothing) {
      fields.add({edit.name, value, edit.id});
    }
  }
}

}  // namespace sp::policy
