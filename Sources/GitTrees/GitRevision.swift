internal import HostSystem
internal import ImageModel

/// A commit of a repository, from the words of a person.
package struct GitRevision: Sendable {
  package let repository: GitRepository
  /// Its full name.
  package let commit: String
  let hasFileModes: Bool

  /// - Parameter words: a revision; `A...` is the merge base of A and what is checked out, `A..` is A.
  /// - Throws: `InvalidInput` for what is none.
  package init(_ words: String, in repository: GitRepository) async throws {
    self.repository = repository
    hasFileModes = try await repository.hasFileModes()
    guard let range = Self.range(in: words) else {
      commit = try await Self.commit(words, in: repository)
      return
    }
    let start = try await Self.commit(range.start, in: repository)
    let head = try await Self.commit("HEAD", in: repository)
    if range.end != "HEAD", try await Self.commit(range.end, in: repository) != head {
      throw Self.fault(
        "'\(words)' ends at what is not checked out",
        help: "the tree as it lies here is compared: write '\(range.isSymmetric ? "\(range.start)..." : range.start)'")
    }
    guard range.isSymmetric else {
      commit = start
      return
    }
    let answer = try await repository.ask(["merge-base", start, head])
    guard answer.status.isSuccess, let base = Self.name(answer.output) else {
      throw Self.fault(
        "'\(range.start)' and what is checked out have no common ancestor that git knows here",
        help: "in a shallow clone: git fetch --unshallow")
    }
    commit = base
  }

  private static func range(in words: String) -> (start: String, end: String, isSymmetric: Bool)? {
    // Two dots are in no name of a branch or tag, but perhaps in a text that is searched for.
    guard !words.hasPrefix(":"), !words.contains("{"), let dots = words.firstRange(of: "..") else { return nil }
    var end = words[dots.upperBound...]
    let isSymmetric = end.first == "."
    if isSymmetric { end = end.dropFirst() }
    func name(_ part: Substring) -> String { part.isEmpty ? "HEAD" : String(part) }
    return (name(words[..<dots.lowerBound]), name(end), isSymmetric)
  }

  private static func commit(_ name: String, in repository: GitRepository) async throws -> String {
    // An option of git would be none of ours; the null character ends an argument.
    if !name.isEmpty, !name.hasPrefix("-"), !name.contains("\0") {
      // A text that is searched for ends where the argument ends; what it finds is a commit.
      let object = name.hasPrefix(":/") ? name : "\(name)^{commit}"
      let answer = try await repository.ask(["rev-parse", "--verify", "--quiet", object])
      if answer.status.isSuccess, let commit = Self.name(answer.output) { return commit }
    }
    throw fault(
      "git knows no commit '\(name)'",
      help: "--changed-since takes a revision of the repository in \(repository.top); a shallow clone has few of them "
        + "(git fetch --unshallow)")
  }

  /// A full name of an object on a line of its own.
  private static func name(_ output: [UInt8]) -> String? {
    let name = String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return [40, 64].contains(name.utf8.count) && name.allSatisfy(\.isHexDigit) ? name : nil
  }

  private static func fault(_ text: String, help: String) -> InvalidInput {
    InvalidInput([Diagnostic(.error, text, help: help)])
  }
}
