import HostSystem
import ImageModel

/// The files that a directory shows, here or on another machine.
struct SiteListing: FileListing {
  let site: any FileSite

  func list() async throws -> [PublishedFile] {
    let directory = ReleaseDirectory(site: site.name, try await inWords { try await site.overview() })
    return directory.shownFiles
  }

  func companion(_ suffix: String, of file: PublishedFile) async throws -> [UInt8]? {
    try await inWords { try await site.read(ReleaseDirectory.file(file.digest, suffix), limit: 1 << 20) }
  }

  func bring(
    _ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await inWords { try await site.bring(ReleaseDirectory.file(file.digest), to: part, progress: progress) }
  }

  private func inWords<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch {
      throw error.inWords
    }
  }
}
