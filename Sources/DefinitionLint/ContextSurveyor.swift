internal import BuildRecords
package import HostSystem
package import ImageModel

/// Walks contexts as a build would, and reads nothing but the first bytes of files whose names look like secrets.
package struct ContextSurveyor: Sendable {
  /// More than any mark that tells a secret needs, less than one page of a disk's cache costs.
  static let headLength = 4096

  private let files: any FileSystem

  package init(files: any FileSystem) { self.files = files }

  /// - Throws: `Failure` when the directory changes again and again while it is walked.
  package func survey(_ recipe: ImageRecipe) throws -> LintedContext {
    let reader = ContextReader(files: files, index: FileIndex(), isHashing: false)
    let snapshot: ContextSnapshot
    do {
      snapshot = try reader.read(recipe)
    } catch let error as FileSystemError {
      return LintedContext(diagnostics: [unreadable(error.path, error)])
    }
    var context = LintedContext(diagnostics: snapshot.diagnostics)
    let made = Set(recipe.generated.keys).union(recipe.renderedFiles.keys)
    let witness = snapshot.witness
    for file in snapshot.files {
      switch file.kind {
      case .directory: break
      case .symbolicLink(let target):
        let isDangling = leadsNowhere(file, FilePath(bytes: target), made)
        context.files.append(
          .init(
            path: file.path, size: 0, danglingTarget: isDangling ? String(decoding: target, as: UTF8.self) : nil))
      case .regular:
        guard let source = file.source else {
          let bytes = recipe.renderedFiles[FilePath(bytes: file.path)] ?? []
          context.files.append(
            .init(path: file.path, size: bytes.count, head: Array(bytes.prefix(Self.headLength))))
          continue
        }
        let status = witness[source]
        do {
          let head = try self.head(of: source, file.path, status?.mode ?? 0)
          context.files.append(.init(path: file.path, size: status?.size ?? 0, head: head))
        } catch {
          context.diagnostics.append(unreadable(source, error))
        }
      }
    }
    context.sourceFaults = try reader.sourceFaults(of: recipe, in: snapshot)
    return context
  }

  /// A file that everybody may read needs no trial.
  private func head(of place: FilePath, _ path: [UInt8], _ mode: UInt16) throws(FileSystemError) -> [UInt8] {
    let isWanted = SecretSign.needsContents(path)
    if !isWanted, mode & 0o444 == 0o444 { return [] }
    let reader = try files.open(place)
    guard isWanted else { return [] }
    var head = [UInt8](repeating: 0, count: Self.headLength)
    let count = head.withUnsafeMutableBytes { buffer in (try? reader.read(into: buffer)) ?? 0 }
    return Array(head.prefix(count))
  }

  private func leadsNowhere(_ link: StagedFile, _ target: FilePath, _ made: Set<FilePath>) -> Bool {
    guard let place = link.source else { return false }
    if (try? files.status(of: place, followingLinks: true)) != nil { return false }
    if target.isAbsolute { return true }
    let meant = (FilePath(bytes: link.path).parent / target).normalized
    return !made.contains { $0.isBelow(meant) }
  }

  private func unreadable(_ place: FilePath, _ error: FileSystemError) -> Diagnostic {
    Diagnostic(
      .error, "cannot be read: \(error.text)", at: SourceLocation(file: place),
      help: "make it readable, or name it in .dockerignore")
  }
}
