namespace hart {}
