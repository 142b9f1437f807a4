/// Federated averaging: the mean of the updates, weighted by their numbers of examples.
///
/// Updates are added one after the other in the order of their arrival, element by element, with the formulas of the
/// official client's helpers; N is the sum of the weights so far:
///
///     numpyhelper, binaryhelper    m = x    then    m = m + n * (x - m) / N
///     androidhelper                m = x    then    m = (1 - n / N) * m + n / N * x
///
/// Every operation is rounded to the type that numpy would use: 16-, 32- and 64-bit floats keep their type, integers
/// become 64-bit floats with the second update, and 32-bit floats of the androidhelper are summed in 64 bits. The
/// result equals numpy's bit for bit, with two exceptions in which numpy's result is wrong: integers never wrap
/// (numpy's 8-bit differences do), and a product that overflows 16 bits is computed in 32.
///
/// All updates must have the same number of arrays, shapes and types as the first: arrays are not broadcast. The
/// updates are read in parallel in steps of 64 Ki elements, so memory is two such steps and one inflater for each
/// update, independent of the size of the model; an array that is not in the same order in all updates is held in
/// memory once.
/// Source: McMahan et al., AISTATS 2017; the client's `increment_average`.
package struct FedAvg: Aggregator {
    package init() {}

    package var name: String { "fedavg" }

    package func aggregate(_ updates: [WeightedUpdate], modelID: String) throws(WeightsError) -> AggregatedModel {
        guard let first = updates.first else { throw .noUpdates }
        let weights = try RunningWeights(of: updates.map(\.weight))
        for (index, update) in updates.enumerated() {
            do throws(WeightsError) {
                try update.model.requireSameLayout(as: first.model)
            } catch {
                throw .update(index, error)
            }
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

    /// - Throws: `.update` with `.invalidWeight` if a weight is not positive or the sum is not finite.
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
    /// Requires the same format and the same number of arrays, with the same shapes and the same numeric types.
    func requireSameLayout(as first: ModelFile) throws(WeightsError) {
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
            guard array.elementType.meanType != nil else { throw .notAveraged(array: index, array.elementType) }
        }
    }
}
