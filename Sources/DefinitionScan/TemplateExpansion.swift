internal import ImageModel

/// Replaces `%(key)s` by parameters, which may name each other, and `%%` by `%`; any other `%` is a fault.
///
/// Parameters are expanded among themselves first, then a text is gone through once: what a parameter brings in is not
/// looked at again, so a percent sign can be said.
struct TemplateExpansion {
  /// Where in the text, and what is wrong.
  struct Fault {
    var offset: Int
    var message: String
    var help: String?
  }

  private enum State {
    case running
    case done([UInt8])
    case faulty
  }

  private static let sizeLimit = 16 << 20
  /// A parameter within a parameter takes a piece of the stack.
  private static let depthLimit = 64

  private let parameters: [String: Located<String>]
  private var states: [String: State] = [:]
  private var depth = 0
  /// Bytes of all parameters that are expanded, which are kept.
  private var keptSize = 0
  /// The parameters that the text of the last call of `expand` named, itself or through others.
  private(set) var used: [String: Located<String>] = [:]
  /// The same of each parameter that was expanded.
  private var usedBy: [String: [String: Located<String>]] = [:]
  /// Faults within parameters, each once.
  private(set) var parameterFaults: [(location: SourceLocation, message: String, help: String?)] = []

  /// The parameters that something was made of.
  var usedNames: Set<String> { Set(states.keys) }

  init(parameters: [String: Located<String>]) { self.parameters = parameters }

  mutating func expand(_ text: String) -> (text: String, faults: [Fault]) {
    let (bytes, faults) = expand(Array(text.utf8))
    return (String(decoding: bytes, as: UTF8.self), faults)
  }

  mutating func expand(_ text: [UInt8]) -> (bytes: [UInt8], faults: [Fault]) {
    used = [:]
    let percent = UInt8(ascii: "%")
    var result: [UInt8] = []
    var faults: [Fault] = []
    var position = 0
    while let found = text[position...].firstIndex(of: percent) {
      result += text[position..<found]
      position = found + 1
      if text[position...].first == percent {
        result.append(percent)
        position += 1
      } else if let (key, end) = Self.key(in: text[position...]) {
        position = end
        let others = used
        let expanded = value(of: key)
        used = others
        if used[key] == nil { used.merge(usedBy[key] ?? [:]) { first, _ in first } }
        switch expanded {
        case .success(let value): result += value
        case .failure(let fault): faults.append(Fault(offset: found, message: fault.message, help: fault.help))
        }
      } else {
        faults.append(
          Fault(
            offset: found, message: "a '%' stands alone", help: "write %% for a percent sign, %(key)s for a parameter"))
      }
      if result.count > Self.sizeLimit {
        faults.append(Fault(offset: found, message: "the text expands to more than \(Self.sizeLimit >> 20) MiB"))
        return ([], faults)
      }
      // Each fault is found in the text again to show its line.
      if faults.count >= 50 { break }
    }
    return (result + text[position...], faults)
  }

  /// The key of `(key)s` at the beginning, and where the rest begins.
  private static func key(in text: ArraySlice<UInt8>) -> (key: String, end: Int)? {
    guard text.first == UInt8(ascii: "(") else { return nil }
    guard
      let close = text.firstIndex(where: { $0 == UInt8(ascii: ")") || $0 == UInt8(ascii: "\n") }),
      text[close] == UInt8(ascii: ")"), text[(close + 1)...].first == UInt8(ascii: "s")
    else { return nil }
    return (String(decoding: text[(text.startIndex + 1)..<close], as: UTF8.self), close + 2)
  }

  private struct Missing: Error {
    var message: String
    var help: String?
  }

  /// The expanded value; empty for a parameter whose own fault is told already.
  private mutating func value(of key: String) -> Result<[UInt8], Missing> {
    guard let parameter = parameters[key] else {
      let nearest = NearestSpelling.of(key, among: parameters.keys.sorted())
      return .failure(
        Missing(
          message: "there is no parameter '\(key)'",
          help: nearest.map { "did you mean '%(\($0))s'?" } ?? "add it to template_files_parameters"))
    }
    switch states[key] {
    case .done(let bytes): return .success(bytes)
    case .faulty: return .success([])
    case .running: return .failure(Missing(message: "the parameter '\(key)' contains itself", help: nil))
    case nil: break
    }
    guard depth < Self.depthLimit else {
      return .failure(
        Missing(message: "parameters contain each other over more than \(Self.depthLimit) levels", help: nil))
    }
    states[key] = .running
    depth += 1
    let (bytes, faults) = expand(Array(parameter.value.utf8))
    depth -= 1
    keptSize += bytes.count
    if keptSize > Self.sizeLimit {
      states[key] = .faulty
      return .failure(
        Missing(message: "the text of the parameters expands to more than \(Self.sizeLimit >> 20) MiB", help: nil))
    }
    states[key] = faults.isEmpty ? .done(bytes) : .faulty
    usedBy[key] = used.merging([key: parameter]) { first, _ in first }
    for fault in faults { parameterFaults.append((parameter.location, fault.message, fault.help)) }
    return .success(bytes)
  }
}
