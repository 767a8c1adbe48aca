package import HostSystem
package import ImageModel

/// Where an image lies, as a person names it.
package enum ImageAddress: Sendable, Equatable {
  /// `oci:DIR[:NAME]`
  case layout(FilePath, name: String?)
  /// `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`: which of the two it is shows in the file.
  case archive(FilePath, name: String?)
  /// `docker-daemon:REFERENCE`
  case daemon(String)
  /// `docker://REFERENCE`, or the reference alone.
  case registry(ImageReference)
  /// `store:NAME`
  case stored(String)

  /// What may stand before the colon.
  private enum Scheme: String {
    case oci, store, docker
    case ociArchive = "oci-archive"
    case dockerArchive = "docker-archive"
    case dockerDaemon = "docker-daemon"
  }

  /// Nil for a text that begins with none.
  private static func scheme(_ text: String) -> (scheme: Scheme, rest: String)? {
    guard let colon = text.firstIndex(of: ":"), let scheme = Scheme(rawValue: String(text[..<colon])) else {
      return nil
    }
    let rest = text[text.index(after: colon)...]
    if scheme == .docker {
      // `docker:24` is an image of that name.
      guard rest.hasPrefix("//") else { return nil }
      return (scheme, String(rest.dropFirst(2)))
    }
    return (scheme, String(rest))
  }

  /// Whether a text begins as an address, so that it is no file's name.
  package static func isAddress(_ text: String) -> Bool { scheme(text) != nil || isFile(text) }

  /// Whether a text names a file in a registry that is a SIF already.
  private static func isFile(_ text: String) -> Bool { text.hasPrefix("oras://") || text.hasPrefix("library://") }

  /// - Parameter directory: where relative paths begin, absolute.
  /// - Throws: when the text is none, or names no file.
  package init(_ text: String, from directory: FilePath, files: any FileSystem) throws(InvalidInput) {
    if Self.isFile(text) {
      let isOurs = text.hasPrefix("oras://")
      throw Self.fault(
        "'\(text)' is no image, but a SIF file already",
        help: isOurs ? "get it with `coppice download \(text)`" : "get it with `apptainer pull`")
    }
    guard let (scheme, rest) = Self.scheme(text) else {
      self = .registry(try Self.reference(text, in: text))
      return
    }
    guard !rest.isEmpty else { throw Self.fault("'\(text)' names no image", help: Self.forms) }
    switch scheme {
    case .oci:
      let (path, name) = try Self.file(rest, in: text, from: directory, files)
      self = .layout(path, name: name)
    case .ociArchive, .dockerArchive:
      let (path, name) = try Self.file(rest, in: text, from: directory, files)
      self = .archive(path, name: name)
    case .store: self = .stored(rest)
    case .docker: self = .registry(try Self.reference(rest, in: text))
    case .dockerDaemon:
      // An id, or a name: nothing that docker could take for an option.
      if Digest(rest) == nil, !rest.utf8.allSatisfy(Self.isHexDigit) { _ = try Self.reference(rest, in: text) }
      self = .daemon(rest)
    }
  }

  private static let forms =
    "an image is oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], docker-daemon:NAME, store:NAME, "
    + "or its name at a registry"

  private static func fault(_ message: String, help: String?) -> InvalidInput {
    InvalidInput([Diagnostic(.error, message, help: help)])
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private static func reference(_ name: String, in text: String) throws(InvalidInput) -> ImageReference {
    do throws(ImageReference.Fault) {
      return try ImageReference(name)
    } catch {
      throw fault("'\(text)' is no image", help: forms)
    }
  }

  /// The path before the first colon at which it is there; a name may have colons of its own.
  private static func file(
    _ rest: String, in text: String, from directory: FilePath, _ files: any FileSystem
  ) throws(InvalidInput) -> (FilePath, name: String?) {
    func exists(_ path: Substring) -> Bool {
      (try? files.statusIfPresent(of: directory / FilePath(path), followingLinks: true)) != nil
    }
    var ends = rest.indices.filter { rest[$0] == ":" && $0 != rest.startIndex }
    ends.append(rest.endIndex)
    guard let end = ends.first(where: { exists(rest[..<$0]) }) else {
      let path = directory / FilePath(rest[..<ends[0]])
      throw fault("'\(text)' names no file: there is no \(path)", help: nil)
    }
    let name = rest[end...].dropFirst()
    return (directory / FilePath(rest[..<end]), name.isEmpty ? nil : String(name))
  }
}
