import HostSystem
import ImageModel
import JSONText

/// SIF files in registries.
struct RegistryFiles: FileSource {
  let client: RegistryClient
  let files: any FileSystem

  func bring(
    _ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    guard let reference = file.reference else { throw Failure("\(file.name) lies in no registry") }
    try await StreamedFile(files: files, part: part, progress: progress).append { offset, pipe in
      try await client.fetch(file.digest, size: file.size, from: offset, of: reference, into: pipe)
    }
  }
}

/// SIF files that tags lead to.
struct TaggedFiles: FileListing {
  let source: RegistryFiles
  /// References with a tag, by the names of the files.
  let references: [String: ImageReference]

  func bring(
    _ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await source.bring(file, to: part, progress: progress)
  }

  func companion(_ suffix: String, of file: PublishedFile) -> [UInt8]? { nil }

  /// Those that are there.
  func list() async throws -> [PublishedFile] {
    do {
      var found: [PublishedFile] = []
      for (name, reference) in references.sorted(by: { $0.key < $1.key }) {
        guard let manifest = try await source.client.manifest(reference.tag ?? "latest", of: reference) else {
          continue
        }
        let document = try? JSONValue(parsing: try await source.client.document(manifest.digest, of: reference).bytes)
        guard document?["config"]?["mediaType"]?.string == SIFArtifact.configType, let layer = document?["layers"]?[0],
          let digest = layer["digest"]?.string.flatMap({ Digest($0) }), let size = layer["size"]?.integer, size >= 0
        else { throw Failure("\(reference) is no SIF file", help: "was it published by coppice or by apptainer push?") }
        found.append(PublishedFile(name: name, digest: digest, size: size, reference: reference))
      }
      return found
    } catch let error as RegistryError {
      throw error.failure
    }
  }
}
