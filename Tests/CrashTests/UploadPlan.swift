/// A file to upload, and its division into chunks.
struct UploadPlan: Sendable {
    let name: String
    let chunkByteCounts: [Int]
    /// Partly compressible; every byte is a function of the name and its position.
    let content: [UInt8]
    /// The content's offsets where a chunk begins, and where the last one ends.
    let boundaries: [Int]

    init(name: String, chunkByteCounts: [Int]) {
        self.name = name
        self.chunkByteCounts = chunkByteCounts
        boundaries = chunkByteCounts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
        var noise = UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var content: [UInt8] = []
        for index in 0..<chunkByteCounts.reduce(0, +) {
            noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            content.append(UInt8(truncatingIfNeeded: index / 1_500 % 2 == 0 ? noise >> 33 : UInt64(index / 90)))
        }
        self.content = content
    }

    var byteCount: Int { content.count }

    func chunk(_ index: Int) -> ArraySlice<UInt8> {
        content[boundaries[index]..<boundaries[index + 1]]
    }
}
