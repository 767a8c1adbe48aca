package import HostSystem
internal import ImageModel

/// Objects of a git repository, from `git cat-file` processes that answer as long as they are needed.
package final class GitObjects: Sendable {
  package enum Kind: String, Sendable { case blob, tree, commit, tag }

  package struct Object: Sendable {
    package var kind: Kind
    package var bytes: [UInt8]
  }

  /// As a checkout would write files: with the line ends, the filters and the encodings that git's attributes ask for.
  private let converted = GitConversation(["cat-file", "--batch", "--filters"])
  /// As they are stored: a checkout converts no link, whatever it is called.
  private let stored = GitConversation(["cat-file", "--batch"])

  private init() {}

  /// Runs `body` on a thread that may block, with the objects of a revision.
  /// - Throws: what `body` throws; `Failure` when git has not all of what was asked for, whatever `body` made of that.
  package static func read<Result: Sendable>(
    of revision: GitRevision, files: any FileSystem, _ body: @escaping @Sendable (GitObjects) throws -> Result
  ) async throws -> Result {
    let objects = GitObjects()
    let submodules = SubmoduleObjects(files: files).directories(in: revision.repository.gitDirectories)
    let repository = revision.repository.adding(objects: submodules).takingAttributes(of: revision.commit)
    async let ending = objects.converted.serve(repository)
    async let otherEnding = objects.stored.serve(repository)
    let result: Swift.Result<Result, any Error>
    do {
      result = .success(
        try await onBlockingThread {
          defer {
            objects.converted.end()
            objects.stored.end()
          }
          return try body(objects)
        })
    } catch {
      result = .failure(error)
    }
    // What stopped git is the cause of what its reader complains of.
    try await ending
    try await otherEnding
    if let fault = objects.converted.fault ?? objects.stored.fault { throw fault }
    return try result.get()
  }

  /// - Parameters:
  ///   - name: an object, as git names it, without blanks.
  ///   - path: decides how a file is converted.
  /// - Throws: `Failure`, which is also kept: readers of files may take a missing one for no fault.
  func object(_ name: String, at path: FilePath, isConverted: Bool = true) throws(Failure) -> Object {
    guard isConverted else { return try stored.object(name, about: path, Array(name.utf8)) }
    // A line is a question: of a path with line feeds the attributes of a similar one count.
    let place = path.bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: "?") : $0 }
    return try converted.object(name, about: path, Array("\(name) ".utf8) + place)
  }
}
