internal import CJansson

/// Why a text is not JSON.
package struct JSONFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// One line, lower case.
  package var message: String
  /// From 1; 0 when the fault has no place.
  package var line: Int
  /// From 1, in characters; 0 when the fault has no place.
  package var column: Int

  package var description: String { line == 0 ? message : "\(message) (line \(line), column \(column))" }
}

extension JSONValue {
  /// Parses one JSON text of UTF-8; any kind of value may stand at the top.
  ///
  /// Refused are duplicate keys, bytes that are not UTF-8, integers over 64 bits, and what is larger than `limit` bytes
  /// or nested deeper than `depthLimit`: documents come from registries and images, which are not trusted.
  package init(parsing bytes: [UInt8], limit: Int = 64 << 20, depthLimit: Int = 200) throws(JSONFault) {
    guard bytes.count <= limit else {
      throw JSONFault(message: "the text has \(bytes.count) bytes, more than \(limit)", line: 0, column: 0)
    }
    // jansson takes a zero byte after the value for the end of the text.
    guard !bytes.contains(0) else { throw JSONFault(message: "the text has a zero byte", line: 0, column: 0) }
    var problem = json_error_t()
    let flags = Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)
    let root = bytes.withUnsafeBytes { buffer in
      // An empty array may have no address, and jansson tells that from an empty text.
      buffer.baseAddress.flatMap { json_loadb($0, buffer.count, flags, &problem) }
    }
    guard let root else {
      if bytes.isEmpty { throw JSONFault(message: "the text is empty", line: 0, column: 0) }
      throw JSONFault(problem)
    }
    defer { json_decref(root) }
    guard let value = JSONValue(root, depth: depthLimit) else {
      throw JSONFault(message: "the text is nested deeper than \(depthLimit) levels", line: 0, column: 0)
    }
    self = value
  }

  package init(parsing text: String) throws(JSONFault) { try self.init(parsing: Array(text.utf8)) }

  /// Nil when the value is nested deeper than `depth`.
  private init?(_ node: UnsafeMutablePointer<json_t>, depth: Int) {
    guard depth >= 0 else { return nil }
    switch node.pointee.type {
    case JSON_OBJECT:
      var members: [JSONObject.Member] = []
      members.reserveCapacity(json_object_size(node))
      var position = json_object_iter(node)
      while let current = position, let child = json_object_iter_value(current) {
        let key = Self.text(json_object_iter_key(current), json_object_iter_key_len(current))
        guard let value = JSONValue(child, depth: depth - 1) else { return nil }
        members.append((key, value))
        position = json_object_iter_next(node, current)
      }
      self = .object(JSONObject(members))
    case JSON_ARRAY:
      var elements: [JSONValue] = []
      elements.reserveCapacity(json_array_size(node))
      for index in 0..<json_array_size(node) {
        guard let child = json_array_get(node, index), let value = JSONValue(child, depth: depth - 1) else {
          return nil
        }
        elements.append(value)
      }
      self = .array(elements)
    case JSON_STRING: self = .string(Self.text(json_string_value(node), json_string_length(node)))
    case JSON_INTEGER: self = .integer(Int(json_integer_value(node)))
    case JSON_REAL: self = .double(json_real_value(node))
    case JSON_TRUE: self = .bool(true)
    case JSON_FALSE: self = .bool(false)
    default: self = .null
    }
  }

  private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
  }
}

extension JSONFault {
  fileprivate init(_ problem: json_error_t) {
    let words = withUnsafeBytes(of: problem.text) { buffer in
      String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }
    self.init(message: words, line: max(0, Int(problem.line)), column: max(0, Int(problem.column)))
  }
}
