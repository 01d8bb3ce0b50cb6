#include "codec/mail/imap_text.h"

#include <cstddef>

#include "codec/mail/words.h"

namespace sp::codec::mail {

ImapStatus parse_imap_status(ByteView line) {
  const ByteView whole = line;
  ImapStatus status;
  status.tag = take_word(line);
  status.word = take_word(line);
  status.text = line;
  // A response code ends at the first "]": what it holds has none.
  const std::size_t end = line.find(']');
  if (!line.starts_with('[') || end == ByteView::npos) return status;
  const ByteView code = line.substr(1, end - 1);
  status.text = line.substr(end + 1);
  if (status.text.starts_with(' ')) status.text.remove_prefix(1);
  if (!same(first_word(code), "CAPABILITY")) return status;
  status.capabilities = behind_word(code);
  status.before_code = whole.substr(0, whole.size() - line.size());
  return status;
}

}  // namespace sp::codec::mail
