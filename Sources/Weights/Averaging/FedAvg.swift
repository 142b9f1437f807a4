/// Federated averaging: the mean of the updates, weighted by their examples.
///
/// The mean is taken one update after the other in the order they arrived, element by element, as the official client's
/// helpers do it: with N the sum of the weights so far,
///
///     numpyhelper, binaryhelper    m = x    then    m = m + n * (x - m) / N
///     androidhelper                m = x    then    m = (1 - n / N) * m + n / N * x
///
/// and every operation rounded to the type that numpy would use: 16-, 32- and 64-bit floats stay what they are, integers
/// become 64-bit floats with the second update, and 32-bit floats of the androidhelper are summed up in 64 bits. The
/// result is what numpy gives, bit for bit, with two exceptions, both where numpy's result is worthless: integers never
/// wrap (as its 8-bit differences do), and a product that overflows 16 bits is taken in 32.
///
/// Counts, shapes and types of all updates must be those of the first: nothing is broadcast or dropped.
/// All updates are read side by side in steps of 64 Ki elements. So memory is two such steps and one inflater for each
/// update, whatever the size of the model; where updates order an array differently, that whole array once.
/// Source: McMahan et al., AISTATS 2017; the client's `increment_average`.
package struct FedAvg: Aggregator {
    package init() {}

    package var name: String { "fedavg" }

    package func aggregate(_ updates: [WeightedUpdate], modelID: String) throws(WeightsError) -> AggregatedModel {
        guard let first = updates.first else { throw .noUpdates }
        let weights = try RunningWeights(of: updates.map(\.weight))
        for (index, update) in updates.enumerated() {
            do throws(WeightsError) { try update.model.expectLike(first.model) } catch { throw .update(index, error) }
        }
        let models = updates.map(\.model)
        let means = first.model.arrays.indices.map { ArrayMean($0, of: models, weights) }
        return try AggregatedModel(means, of: models, modelID: modelID)
    }
}

/// The weight of each update, and the sum up to it.
struct RunningWeights: Sendable {
    let weights: [Double]
    let sums: [Double]

    /// - Throws: `.update` with `.invalidWeight` where one is no weight.
    init(of weights: [Double]) throws(WeightsError) {
        var sums: [Double] = []
        for (index, weight) in weights.enumerated() {
            let sum = (sums.last ?? 0) + weight
            guard weight > 0, sum.isFinite else { throw .update(index, .invalidWeight(weight)) }
            sums.append(sum)
        }
        self.weights = weights
        self.sums = sums
    }
}

extension ModelFile {
    /// Requires the same format, and arrays of the same count, shapes and types, of which there is a mean.
    func expectLike(_ first: ModelFile) throws(WeightsError) {
        guard format == first.format else {
            throw .formatMismatch(expected: first.format.helper, found: format.helper)
        }
        guard arrays.count == first.arrays.count else {
            throw .arrayCountMismatch(expected: first.arrays.count, found: arrays.count)
        }
        for (index, (array, expected)) in zip(arrays, first.arrays).enumerated() {
            guard array.shape == expected.shape else {
                throw .shapeMismatch(array: index, expected: expected.shape, found: array.shape)
            }
            guard array.elementType == expected.elementType else {
                throw .elementTypeMismatch(array: index, expected: expected.elementType, found: array.elementType)
            }
            guard array.elementType.ofMean != nil else { throw .notAveraged(array: index, array.elementType) }
        }
    }
}
