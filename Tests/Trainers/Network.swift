internal import Glibc
package import Weights

/// A small network of fully connected layers, with rectifiers between them and softmax at the end.
///
/// Its file has the format of the official client's numpyhelper: weights, biases, weights, biases, …, in layer order,
/// weights as rows of inputs.
package struct Network: Sendable, Hashable {
    /// The number of inputs of each layer, then the number of outputs.
    package let widths: [Int]
    /// For each layer, one row of weights for each input, then the biases.
    private var weights: [[Float]]
    private var biases: [[Float]]

    /// The widths of the digits network of `fixtures/models`: 64-128-64-10.
    package static let digits = [64, 128, 64, 10]
    /// The widths of the smallest network that learns: a softmax regression.
    package static let regression = [64, 10]

    /// Creates an untrained network: weights within Glorot's limits, biases 0.
    package init(_ widths: [Int], using generator: inout some RandomNumberGenerator) {
        self.widths = widths
        weights = []
        biases = []
        for (inputs, outputs) in zip(widths, widths.dropFirst()) {
            let limit = (6 / Float(inputs + outputs)).squareRoot()
            weights.append((0..<inputs * outputs).map { _ in Float.random(in: -limit...limit, using: &generator) })
            biases.append([Float](repeating: 0, count: outputs))
        }
    }

    /// Reads a network from a model.
    package init(_ file: ModelFile) throws(WeightsError) {
        precondition(file.arrays.count.isMultiple(of: 2), "each layer has weights and biases")
        var weights: [[Float]] = []
        var biases: [[Float]] = []
        for layer in 0..<file.arrays.count / 2 {
            weights.append(try file.array(2 * layer).values.map { Float($0) })
            biases.append(try file.array(2 * layer + 1).values.map { Float($0) })
        }
        self.weights = weights
        self.biases = biases
        widths = [weights[0].count / biases[0].count] + biases.map(\.count)
    }

    /// The network as an `.npz`.
    package var bytes: [UInt8] {
        var arrays: [WeightsArray] = []
        for layer in weights.indices {
            arrays.append(WeightsArray(weights[layer], shape: [widths[layer], widths[layer + 1]]))
            arrays.append(WeightsArray(biases[layer], shape: [widths[layer + 1]]))
        }
        return ModelFile.npz(arrays)
    }

    /// Returns the share of images that it classifies correctly, and the mean cross entropy.
    package func evaluate(_ images: [Int], of digits: Digits) -> (accuracy: Double, loss: Double) {
        guard !images.isEmpty else { return (0, 0) }
        var rightCount = 0
        var loss = 0.0
        for image in images {
            let output = forward(image, of: digits).last ?? []
            let label = digits.labels[image]
            if output.indices.max(by: { output[$0] < output[$1] }) == label { rightCount += 1 }
            loss -= Double(log(max(output[label], 1e-12)))
        }
        return (Double(rightCount) / Double(images.count), loss / Double(images.count))
    }

    /// Trains on these images once, in random order.
    package mutating func train(
        on images: [Int],
        of digits: Digits,
        rate: Float,
        using generator: inout some RandomNumberGenerator
    ) {
        for image in images.shuffled(using: &generator) { learn(image, of: digits, rate: rate) }
    }

    /// Returns the outputs of each layer; the first are the pixels, the last are probabilities.
    private func forward(_ image: Int, of digits: Digits) -> [[Float]] {
        let start = image * Digits.pixelCount
        var values = [Array(digits.pixels[start..<start + Digits.pixelCount])]
        for layer in weights.indices {
            var output = biases[layer]
            let width = output.count
            weights[layer].withUnsafeBufferPointer { weights in
                output.withUnsafeMutableBufferPointer { output in
                    for (row, input) in values[layer].enumerated() where input != 0 {
                        for column in 0..<width { output[column] += input * weights[row * width + column] }
                    }
                }
            }
            values.append(layer == weights.count - 1 ? softmax(output) : output.map { max($0, 0) })
        }
        return values
    }

    private func softmax(_ values: [Float]) -> [Float] {
        let largest = values.max() ?? 0
        let powers = values.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// One step of gradient descent.
    private mutating func learn(_ image: Int, of digits: Digits, rate: Float) {
        let values = forward(image, of: digits)
        var errors = values[weights.count]
        errors[digits.labels[image]] -= 1
        for layer in weights.indices.reversed() {
            let width = errors.count
            var earlier = [Float](repeating: 0, count: widths[layer])
            weights[layer].withUnsafeMutableBufferPointer { weights in
                errors.withUnsafeBufferPointer { errors in
                    for (row, input) in values[layer].enumerated() where layer == 0 ? input != 0 : input > 0 {
                        var error: Float = 0
                        for column in 0..<width {
                            error += weights[row * width + column] * errors[column]
                            weights[row * width + column] -= rate * input * errors[column]
                        }
                        earlier[row] = error
                    }
                }
            }
            for column in 0..<width { biases[layer][column] -= rate * errors[column] }
            errors = earlier
        }
    }
}
