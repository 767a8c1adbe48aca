internal import ImageModel

/// Joins the users and groups of a system with those of files that are installed in it.
///
/// What the system has stays as it is; what it lacks is added. Where a number means somebody else there, the newcomer gets
/// another one, and so do the files that come with it.
struct AccountMerge: Sendable, Equatable {
  enum File: String, Sendable, CaseIterable {
    case passwd, group, shadow, gshadow

    var path: FilePath { "/etc" / FilePath(rawValue) }
  }

  /// The texts of one system.
  struct Files: Sendable, Equatable {
    private var texts: [File: String] = [:]

    subscript(file: File) -> String {
      get { texts[file] ?? "" }
      set { texts[file] = newValue }
    }
  }

  private(set) var files: Files
  /// Numbers of users in the installed files that are others in the system.
  private(set) var users: [Int: Int] = [:]
  private(set) var groups: [Int: Int] = [:]

  /// - Parameters:
  ///   - system: stays, byte for byte, apart from lines that are added.
  ///   - installed: of what comes.
  init(_ system: Files, adding installed: Files) {
    files = system
    let newGroups = mergeGroups(installed)
    mergeUsers(installed)
    mergeMembers(installed, newGroups)
  }

  private static func lines(_ text: String) -> [[String]] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
      .filter { ($0.first?.isEmpty == false) }
  }

  private static func byName(_ lines: [[String]]) -> [String: [String]] {
    Dictionary(lines.map { ($0[0], $0) }) { first, _ in first }
  }

  private static func number(_ line: [String], _ index: Int) -> Int? {
    line.indices.contains(index) ? Int(line[index]).flatMap { $0 >= 0 ? $0 : nil } : nil
  }

  /// Added at the end, which need not have ended a line.
  private static func append(_ line: [String], to text: inout String) {
    if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
    text += line.joined(separator: ":") + "\n"
  }

  /// A number that nobody has: as it was, else a free one of the same kind. Those of distributions are below 1000.
  private static func free(_ wanted: Int, _ taken: Set<Int>) -> Int {
    if !taken.contains(wanted) { return wanted }
    let range = wanted < 1000 ? Array((100..<1000).reversed()) : Array(1000..<60000)
    return range.first { !taken.contains($0) } ?? ((60000...).first { !taken.contains($0) } ?? wanted)
  }

  /// - Returns: names that were added.
  private mutating func mergeGroups(_ installed: Files) -> Set<String> {
    let (own, secrets) = (Self.lines(files[.group]), Self.byName(Self.lines(installed[.gshadow])))
    let (known, hidden) = (Self.byName(own), Self.byName(Self.lines(files[.gshadow])))
    var taken = Set(own.compactMap { Self.number($0, 2) })
    var added: Set<String> = []
    for var line in Self.lines(installed[.group]) {
      guard let number = Self.number(line, 2), line.count >= 4, !added.contains(line[0]) else { continue }
      if let there = known[line[0]] {
        if let its = Self.number(there, 2), its != number { groups[number] = its }
        continue
      }
      let free = Self.free(number, taken)
      taken.insert(free)
      if free != number { groups[number] = free }
      line[2] = String(free)
      Self.append(line, to: &files[.group])
      if hidden[line[0]] == nil, !files[.gshadow].isEmpty {
        Self.append(secrets[line[0]] ?? [line[0], "!", "", ""], to: &files[.gshadow])
      }
      added.insert(line[0])
    }
    return added
  }

  private mutating func mergeUsers(_ installed: Files) {
    let (own, secrets) = (Self.lines(files[.passwd]), Self.byName(Self.lines(installed[.shadow])))
    let (known, hidden) = (Self.byName(own), Self.byName(Self.lines(files[.shadow])))
    var taken = Set(own.compactMap { Self.number($0, 2) })
    var added: Set<String> = []
    for var line in Self.lines(installed[.passwd]) {
      guard let number = Self.number(line, 2), line.count >= 7, !added.contains(line[0]) else { continue }
      if let there = known[line[0]] {
        if let its = Self.number(there, 2), its != number { users[number] = its }
        continue
      }
      let free = Self.free(number, taken)
      taken.insert(free)
      if free != number { users[number] = free }
      line[2] = String(free)
      if let group = Self.number(line, 3), let its = groups[group] { line[3] = String(its) }
      Self.append(line, to: &files[.passwd])
      // An account of an image has no password that a machine should open for.
      if hidden[line[0]] == nil, !files[.shadow].isEmpty {
        var secret = secrets[line[0]] ?? [line[0], "*", "", "0", "99999", "7", "", "", ""]
        if secret.count > 1, secret[1].isEmpty || secret[1].hasPrefix("$") { secret[1] = "!" }
        Self.append(secret, to: &files[.shadow])
      }
      added.insert(line[0])
    }
  }

  /// Members that groups of both have in the installed files are members in the system, too.
  private mutating func mergeMembers(_ installed: Files, _ added: Set<String>) {
    let wanted = Self.byName(Self.lines(installed[.group]))
    let users = Set(Self.lines(files[.passwd]).map { $0[0] })
    let lines = files[.group].split(separator: "\n", omittingEmptySubsequences: false).map { text -> String in
      var line = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard line.count == 4, !added.contains(line[0]), let other = wanted[line[0]], other.count >= 4 else {
        return String(text)
      }
      let members = line[3].split(separator: ",").map(String.init)
      let new = other[3].split(separator: ",").map(String.init).filter { !members.contains($0) && users.contains($0) }
      line[3] = (members + new).joined(separator: ",")
      return line.joined(separator: ":")
    }
    files[.group] = lines.joined(separator: "\n")
  }
}
