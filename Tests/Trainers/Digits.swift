package import Weights

/// Handwritten digits to train on: `fixtures/digits/digits.npz`.
package struct Digits: Sendable {
    /// Pixels of one image.
    package static let pixelCount = 64
    package static let classCount = 10

    /// All pixels of all images, each from 0 to 1.
    let pixels: [Float]
    let labels: [Int]

    package var count: Int { labels.count }

    /// Reads the file.
    package init(_ file: ModelFile) throws(WeightsError) {
        pixels = try file.array(0).values.map { Float($0) / 16 }
        labels = try file.array(1).values.map { Int($0) }
        precondition(pixels.count == labels.count * Self.pixelCount, "an image has 64 pixels")
    }

    /// Returns the images of one of several clients: every `clientCount`th, so that no two clients share one.
    ///
    /// Every fourth of them is in `testing`, to evaluate models.
    package func share(_ index: Int, of clientCount: Int) -> (training: [Int], testing: [Int]) {
        let own = Array(stride(from: index, to: count, by: clientCount)).enumerated()
        return (
            own.filter { $0.offset % 4 != 3 }.map(\.element),
            own.filter { $0.offset % 4 == 3 }.map(\.element)
        )
    }
}
