internal import HostSystem
internal import ImageModel
internal import JSONText
internal import SIFFormat

extension SIFVerifyOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let files = PosixFileSystem()
    let file = try files.openAnywhere(invocation.directory / file)
    let image = try SIFImage(reading: file)
    var verification = try SIFVerification(image, in: file)
    let isCompared = try verification.compare(withSidecarIn: files)
    if isJSON {
      invocation.show([
        "file": .string(file.path.description), "sidecar": .bool(isCompared),
        "sha256": verification.digest.map { .string($0.hex) } ?? .null,
        "faults": .array(
          verification.faults.map { ["offset": .integer($0.offset), "message": .string($0.message)] }),
      ])
    } else {
      let shown = invocation.diagnostics.shown(file.path)
      for fault in verification.faults { invocation.showForeign("\(shown): \(fault)\n") }
      if verification.faults.isEmpty {
        let sidecar = isCompared ? "as \(file.path.name).json says" : "no sidecar to compare it with"
        let objects = HumanText.count(image.objects.count, "object")
        invocation.showForeign("\(shown) is whole: \(objects), \(HumanText.bytes(file.size)), \(sidecar)\n")
      }
    }
    return verification.faults.isEmpty ? .success : .failure
  }
}
