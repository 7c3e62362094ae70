const { louder } = require('./louder.js')

exports.main = ({ text = 'hello' }) => ({ shout: louder(text) })
