internal import HostSystem
internal import ImageModel
internal import JSONText
internal import SIFConversion
internal import SIFFormat
internal import SquashFS

extension SIFVerifyOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let files = PosixFileSystem()
    let file = try files.openAnywhere(invocation.directory / file)
    let image = try SIFImage(reading: file)
    var verification = try SIFVerification(image, in: file)
    let isCompared = try verification.compare(withSidecarIn: files)
    let damage = Self.damage(to: image, in: file)
    if isJSON {
      invocation.show([
        "file": .string(file.path.description), "sidecar": .bool(isCompared),
        "sha256": verification.digest.map { .string($0.hex) } ?? .null,
        "faults": .array(
          verification.faults.map { ["offset": .integer($0.offset), "message": .string($0.message)] }
            + damage.map { ["offset": .integer($0.offset), "message": .string($0.message)] }),
      ])
    } else {
      let shown = invocation.diagnostics.shown(file.path)
      for fault in verification.faults { invocation.showForeign("\(shown): \(fault)\n") }
      for damage in damage { invocation.showForeign("\(shown): byte \(damage.offset): \(damage.message)\n") }
      if verification.faults.isEmpty, damage.isEmpty {
        let sidecar = isCompared ? "as \(file.path.name).json says" : "no sidecar to compare it with"
        let objects = HumanText.count(image.objects.count, "object")
        invocation.showForeign("\(shown) is whole: \(objects), \(HumanText.bytes(file.size)), \(sidecar)\n")
      }
    }
    return verification.faults.isEmpty && damage.isEmpty ? .success : .failure
  }

  /// What is wrong within the squashfs of each partition; of those that are compressed otherwise nothing is known.
  private static func damage(
    to image: SIFImage, in file: any RandomAccessFile
  ) -> [(offset: Int, message: String)] {
    image.objects.filter { $0.partition?.fileSystem == .squashfs }.compactMap { object in
      do {
        _ = try image.squashfs(object, in: file).verify()
        return nil
      } catch let failure as Failure {
        return failure.help == SquashfsReader.otherCompressors ? nil : (object.offset, failure.message)
      } catch {
        return (object.offset, "\(error)")
      }
    }
  }
}
