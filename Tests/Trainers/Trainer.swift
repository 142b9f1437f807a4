internal import Blobs
internal import JSON
internal import Store
internal import TestSupport
internal import Weights

/// One edge client: a share of the digits, and the training code.
package struct Trainer: Sendable {
    package let id: String
    package let name: String
    let digits: Digits
    let training: [Int]
    let testing: [Int]
    /// The number of passes over its images in one round.
    let epochCount: Int
    let rate: Float
    let seed: UInt64

    /// Creates a client with the `index`th of `clientCount` shares of the digits.
    ///
    /// `imageCountMax` limits the number of images to train on and to evaluate with, which makes tests faster.
    package init(
        _ index: Int,
        of clientCount: Int,
        digits: Digits,
        epochCount: Int = 1,
        rate: Float = 0.05,
        imageCountMax: Int = .max,
        seed: UInt64
    ) {
        id = "client-\(index)"
        name = "trainer \(index)"
        self.digits = digits
        let share = digits.share(index, of: clientCount)
        training = Array(share.training.prefix(imageCountMax))
        testing = Array(share.testing.prefix(imageCountMax))
        self.epochCount = epochCount
        self.rate = rate
        self.seed = seed &+ UInt64(index)
    }

    /// Continues training from a model; returns the network and the loss after each pass, which is reported as metrics.
    func train(from model: ModelFile, round: UInt64) throws(WeightsError) -> (network: Network, losses: [Double]) {
        var network = try Network(model)
        var generator = SeededGenerator(seed: seed &* 1_000_003 &+ round)
        var losses: [Double] = []
        for _ in 0..<epochCount {
            network.train(on: training, of: digits, rate: rate, using: &generator)
            losses.append(network.evaluate(testing, of: digits).loss)
        }
        return (network, losses)
    }

    /// Returns the result of validating a model, as the client sends it.
    func validate(_ model: ModelFile) throws(WeightsError) -> String {
        let (accuracy, loss) = try Network(model).evaluate(testing, of: digits)
        let data: JSON = [
            "accuracy": JSONNumber(accuracy).map(JSON.number) ?? .null,
            "loss": JSONNumber(loss).map(JSON.number) ?? .null,
        ]
        return String(decoding: data.bytes, as: UTF8.self)
    }
}
