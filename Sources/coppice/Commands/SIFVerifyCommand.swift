internal import HostSystem
internal import ImageModel
internal import JSONText
internal import SIFConversion
internal import SIFFormat

extension SIFVerifyOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let files = PosixFileSystem()
    let file = try files.openAnywhere(invocation.place(ofSIF: file))
    let image = try SIFImage(reading: file)
    var verification = try SIFVerification(image, in: file)
    let isCompared = try verification.compare(withSidecarIn: files)
    let check = ContentCheck(image, in: file)
    let faults = verification.faults + check.damage
    if isJSON {
      func listed(_ faults: [SIFFault]) -> JSONValue {
        .array(faults.map { ["offset": .integer($0.offset), "message": .string($0.message)] })
      }
      invocation.show([
        "file": .string(file.path.description), "sidecar": .bool(isCompared),
        "sha256": verification.digest.map { .string($0.hex) } ?? .null, "faults": listed(faults),
        "unread": listed(check.unread),
      ])
    } else {
      let shown = invocation.diagnostics.shown(file.path)
      for fault in faults + check.unread { invocation.showForeign("\(shown): \(fault)\n") }
      if faults.isEmpty {
        let size = "\(HumanText.count(image.objects.count, "object")), \(HumanText.bytes(file.size))"
        let extent = check.unread.isEmpty ? "" : " as far as it was tried"
        let sidecar = "\(file.path.name).json"
        // Not every changed byte makes a file system unreadable.
        invocation.showForeign(
          isCompared
            ? "\(shown) is whole\(extent): \(size), as \(sidecar) says\n"
            : "\(shown) can be read\(extent): \(size); without \(sidecar) nobody knows whether it is what was written\n"
        )
      }
    }
    return faults.isEmpty ? .success : .failure
  }
}
