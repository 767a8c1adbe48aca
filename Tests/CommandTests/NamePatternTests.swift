import Testing

@testable import coppice

/// How people name published files.
struct NamePatternTests {
  @Test(arguments: [
    ("casa-run:debian-12", ["casa-run-debian-12.sif", "casa-run-debian-12.vdi", "casa-run-debian-12.ova"]),
    ("vbox/casa-run:debian-12", ["casa-run-debian-12.vdi", "casa-run-debian-12.ova"]),
    ("casa-run-debian-12.ova", ["casa-run-debian-12.ova"]), ("*.vdi", ["casa-run-debian-12.vdi"]),
    ("sif/casa-run:debian-12", ["casa-run-debian-12.sif"]),
    ("all", ["casa-run-debian-12.sif", "casa-run-debian-12.vdi", "casa-run-debian-12.ova"]), ("casa-run", []),
  ])
  func aPatternMeansFiles(_ pattern: String, _ expected: [String]) {
    let files = ["casa-run-debian-12.sif", "casa-run-debian-12.vdi", "casa-run-debian-12.ova"]
    #expect(files.filter(NamePattern(pattern).matches) == expected)
  }
}
