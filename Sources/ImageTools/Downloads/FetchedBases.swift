package import ContentStore
import HostSystem
package import ImageModel

/// The files that VM images begin with and that lie on a web server: each comes once, and stays in the store by its digest.
package struct FetchedBases: Sendable {
  private let store: ImageLayout
  private let perform: @Sendable (HTTPRequest) async throws -> HTTPResponse

  /// - Parameter environment: may name a proxy.
  package init(store: ImageLayout, environment: [String: String]) {
    let transfer = CurlTransfer(environment: environment)
    self.init(store: store) { try await transfer.perform($0) }
  }

  init(store: ImageLayout, perform: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
    (self.store, self.perform) = (store, perform)
  }

  /// Where the file lies here, whole and verified.
  /// - Precondition: it is a file of a URL, with its digest.
  /// - Throws: `Failure`, `CancellationError`.
  package func path(of file: MachineFile, log: @escaping @Sendable (String) -> Void) async throws -> FilePath {
    guard case .url(let url) = file.place, let digest = file.digest else {
      throw Failure("'\(file.text)' is no file to be fetched", at: file.location)
    }
    let blob = store.path(ofBlob: digest)
    do {
      if try await onBlockingThread({ [store] in try store.size(ofBlob: digest) != nil }) { return blob }
      try store.prepare()
      let root = WebRoot(
        WebAddress(url).map { "\($0.scheme)://\($0.server)" } ?? url, files: store.files, perform: perform)
      let published = PublishedFile(name: url, digest: digest, size: try await root.size(at: url))
      log("fetching \(url), \(ByteCount(published.size))")
      // Under a name that the next try finds again.
      let path = store.temporary / FilePath("fetched-\(digest.hex)")
      try await FileDownload(file: published, source: WebFile(root: root, url: url), files: store.files).run(to: path)
      try await onBlockingThread { [store] in try store.take(path, digest: digest, size: published.size) }
      return blob
    } catch var failure as Failure {
      failure.location = failure.location ?? file.location
      throw failure
    }
  }
}

/// One file of a web server, which no release lists.
private struct WebFile: FileSource {
  let root: WebRoot
  let url: String

  func bring(
    _ file: PublishedFile, to part: FilePath, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await root.bring(file, at: url, to: part, progress: progress)
  }
}
